import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';

const together = 200;
const kept = [];

/** Opens so many connections, some at a time, and lets none go. Answers how many were told that they are too many. */
export async function flood({ port, many }, count, kind) {
  let next = 0;
  let told = 0;
  const one = async () => {
    while (next++ < count) {
      if (kind === 'deaf') await deaf(port, many);
      else if (await isRefused(port, many)) told++;
    }
  };
  await Promise.all(Array.from({ length: together }, one));
  return kind === 'deaf' ? {} : { told };
}

/** A client as it should be: it hears that it is refused, and agrees to be closed. */
function isRefused(port, key) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}` };
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'sluice.v1', { headers });
    kept.push(socket);
    let named = false;
    socket.on('message', (message) => {
      const { t, code } = JSON.parse(message.toString());
      if (t === 'welcome') resolve(false);
      named ||= t === 'error' && code === 'limit-reached';
    });
    socket.on('close', (code) => (named && code === 4429 ? resolve(true) : reject(new Error(`closed with ${code}`))));
    socket.on('error', reject);
  });
}

/** One that says its handshake, and then neither reads nor answers. */
async function deaf(port, key) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  kept.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  const lines = [
    'GET / HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol: sluice.v1',
    `Authorization: Bearer ${key}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  // The first bytes that come back are not read: it is enough that they did.
  await once(socket, 'readable');
}
