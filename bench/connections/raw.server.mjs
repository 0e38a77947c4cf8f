// The limit: a socket for each stream, and nothing else.
import { WebSocketServer } from 'ws';
import { clock } from '../harness/clock.mjs';
import { everySecond } from './load.mjs';

const asText = { binary: false };
const sockets = new Map();
let stop;

export async function listen() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, backlog: 2048 });
  server.on('connection', (socket, { url }) => sockets.set(Number(url.slice(1)), socket));
  await new Promise((resolve) => server.once('listening', resolve));
  return server.address().port;
}

export function start(streams) {
  stop = everySecond(streams, (stream, chunk) => sockets.get(stream).send(JSON.stringify(chunk), asText), clock);
}

export const pause = () => stop();
