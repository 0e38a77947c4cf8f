import { WebSocket } from 'ws';

const together = 16;
const sockets = [];

/** Opens so many connections, a few at a time, each until it reads a stream of its own. Answers how long it took. */
export async function connect({ port, tokens }, kind, connections) {
  const begun = performance.now();
  let next = 0;
  const one = async () => {
    while (next < connections) await open(port, tokens, kind, next++);
  };
  await Promise.all(Array.from({ length: together }, one));
  return performance.now() - begun;
}

function open(port, tokens, kind, n) {
  const token = tokens[n % tokens.length];
  const inFrame = kind === 'key in a frame';
  const headers = token === undefined || inFrame ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'sluice.v1', { headers });
    const subscribe = { t: 'subscribe', stream: `s/${n}`, from: 0, chunks: 16, bytes: 65_536 };
    const first = inFrame ? [{ t: 'auth', token }, subscribe] : [subscribe];
    const heard = {
      welcome: () => socket.send(first.map((frame) => JSON.stringify(frame)).join('\n')),
      authenticated: () => {},
      subscribed: resolve,
    };
    socket.on('message', (message) => {
      for (const line of message.toString().split('\n')) {
        const frame = JSON.parse(line);
        (heard[frame.t] ?? (() => reject(new Error(`${frame.t}: ${frame.message}`))))();
      }
    });
    socket.on('error', reject);
    sockets.push(socket);
  });
}

/** Lets them all go. */
export function leave() {
  for (const socket of sockets.splice(0)) socket.terminate();
}
