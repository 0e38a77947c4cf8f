import { readdirSync } from 'node:fs';
import { apiKeys, createApiKey } from '../dist/src/auth/api-keys.js';
import { rateLimits } from '../dist/src/auth/rate-limits.js';
import { createChunk } from '../dist/src/chunk/index.js';
import { createMemoryLog } from '../dist/src/log/memory.js';
import { serve } from '../dist/src/node/index.js';
import { clock, timestampOf } from '../harness/clock.mjs';
import { everyMs, most, stream } from './load.mjs';

let server;

export async function listen() {
  const [many, other] = [createApiKey('many'), createApiKey('other')];
  server = await serve({
    port: 0,
    log: createMemoryLog({ maxChunks: 64 }),
    authenticate: apiKeys([many.record, other.record]),
    // So many requests that all get as far as it can be said that they are too many connections.
    quotas: rateLimits({ connections: most, requests: { amount: 10_000_000, perMs: 60_000 } }),
  });
  await server.streams.create(stream, { metadata: { 'sluice.owner': 'other' } });
  let seq = 0;
  setInterval(() => {
    const chunk = createChunk({ streamId: stream, seq: seq++, data: 'x'.repeat(200), timestamp: timestampOf(clock()) });
    void server.streams.publish(stream, [chunk]);
  }, everyMs);
  return { port: server.port, many: many.key, other: other.key };
}

export function refused() {
  const held = server.gateway.connections().filter(({ peer }) => peer.principal.id === 'many').length;
  return { refused: server.refusals.read().connections, held };
}

/** Files that are open: nearly all of them are sockets. */
export const sockets = () => readdirSync('/proc/self/fd').length;
