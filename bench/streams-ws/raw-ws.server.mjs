// The limit, by hand: every chunk of a turn goes to its connection, and each connection is written to once.
import { WebSocketServer } from 'ws';
import { clock } from '../harness/clock.mjs';
import { connectionOf, pace } from './load.mjs';

const asText = { binary: false };
const sockets = [];
const dirty = new Set();
let stop;

export async function listen() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket, request) => {
    sockets.push({ send: (message) => socket.send(message, asText), stream: request.socket });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return server.address().port;
}

function emit(stream, chunk) {
  const socket = sockets[connectionOf(stream)];
  if (!dirty.has(socket)) {
    if (dirty.size === 0) setImmediate(flush);
    dirty.add(socket);
    socket.stream.cork();
  }
  socket.send(JSON.stringify({ stream, ...chunk }));
}

function flush() {
  for (const { stream } of dirty) stream.uncork();
  dirty.clear();
}

export function start() {
  stop = pace(emit, clock);
}

export const pause = () => stop();
