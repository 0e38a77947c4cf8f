import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryLog } from '../dist/src/log/memory.js';
import { serve } from '../dist/src/node/index.js';
import { wayOf } from './ways.mjs';

const ways = new Map();
const servers = [];

/** Serves streams to those who come one way: answers with the tokens that they show. */
export async function listen(kind, connections) {
  const way = await wayOf(kind, connections);
  ways.set(kind, way);
  const { authenticate, tokens } = way;
  const server = await serve({ port: 0, log: createMemoryLog(), ...(authenticate && { authenticate }) });
  servers.push(server);
  for (let n = 0; n < 300; n++) await server.streams.create(`s/${n}`, { metadata: { 'sluice.owner': 'ann' } });
  return { port: server.port, tokens };
}

/** Waits until everybody has gone, so that nobody pays for it who comes next. */
export async function settled() {
  while (servers.some(({ gateway }) => gateway.connections().length > 0)) await sleep(2);
}

/** What it takes to look at a signature and do nothing else, in microseconds of CPU, by way: no server can do with less. */
export function signatures() {
  return Object.fromEntries([...ways].map(([kind, way]) => [kind, signatureOf(way)]));
}

function signatureOf({ tokens, isRight }) {
  if (isRight === undefined || tokens.length === 1) return undefined;
  const parts = tokens.map((token) => {
    const end = token.lastIndexOf('.');
    return [Buffer.from(token.slice(0, end)), Buffer.from(token.slice(end + 1), 'base64url')];
  });
  const before = process.cpuUsage();
  for (const [data, signature] of parts) if (!isRight(data, signature)) throw new Error('a signature is not right');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / parts.length;
}
