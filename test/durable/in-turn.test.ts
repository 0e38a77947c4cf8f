import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { inTurn } from '../../src/durable/in-turn.js';

let http: Server | undefined;
afterEach(() => {
  http?.closeAllConnections();
  http?.close();
});

async function stage(answer: RequestListener) {
  let refused = 0;
  http = createServer(inTurn(answer, () => refused++));
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((http.address() as AddressInfo).port, '127.0.0.1');
  let said = '';
  socket.on('error', () => {}).on('data', (part) => (said += part.toString()));
  const ask = (...paths: readonly string[]) =>
    socket.write(paths.map((path) => `GET /${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
  return { socket, ask, said: () => said, refused: () => refused };
}

describe('inTurn', () => {
  it('asks for an answer when the one before it is done, in the order of the requests', async () => {
    const asked: string[] = [];
    const ends: (() => void)[] = [];
    const { socket, ask, said, refused } = await stage(({ url }, response) => {
      asked.push(url!);
      ends.push(() => response.end(`answer to ${url}`));
    });
    ask('a', 'b', 'c');
    await expect.poll(() => asked).toEqual(['/a']);
    for (const n of [1, 2, 3]) {
      ends[n - 1]!();
      await expect.poll(() => [...said().matchAll(/answer to (\/\w)/g)]).toHaveLength(n);
      await expect.poll(() => asked.length).toBe(Math.min(n + 1, 3));
    }
    expect([asked, refused()]).toEqual([['/a', '/b', '/c'], 0]);
    socket.destroy();
  });

  it('answers as many as come one after the other, at once', async () => {
    const { socket, ask, said, refused } = await stage((_, response) => response.end('here'));
    for (let n = 0; n < 5; n++) {
      ask(...Array.from({ length: 50 }, () => 'a'));
      await expect.poll(() => said().split('here')).toHaveLength((n + 1) * 50 + 1);
    }
    expect(refused()).toBe(0);
    socket.destroy();
  });

  it('ends who sends too many ahead, and answers none of those', async () => {
    let asked = 0;
    const { socket, ask, refused } = await stage(() => asked++);
    ask(...Array.from({ length: 500 }, () => 'a'));
    await new Promise((resolve) => socket.once('close', resolve));
    expect([asked, refused()]).toEqual([1, 1]);
  });
});
