import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { boundResets } from '../../src/node/bound-resets.js';
import { asked, leftAgain, speakHttp2, takenBack } from './http2-frames.js';

let http: Http2Server | undefined;
afterEach(() => void http?.close());

async function stage() {
  let [time, refused, ended] = [1000, 0, 0];
  const sessions: ServerHttp2Session[] = [];
  http = createServer((_, response) => {
    response.stream.on('error', () => {});
    // Every other one is answered at once.
    if (response.stream.id! % 4 === 1) response.end('here');
  });
  http.on('session', (session) => {
    sessions.push(session);
    session.on('close', () => ended++);
    boundResets(
      session,
      () => refused++,
      () => time,
    );
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const { port } = http.address() as AddressInfo;
  let [began, closed] = [0, 0];
  http.on('stream', (stream) => {
    began++;
    stream.once('close', () => closed++);
  });
  return {
    open: async () => await speakHttp2({ port }),
    pass: (ms: number) => (time += ms),
    seen: () => ({ refused, ended }),
    began: () => began,
    closed: () => closed,
  };
}

describe('boundResets', () => {
  it('ends a connection that begins requests and takes them back, again and again, and tells once', async () => {
    const { open, seen } = await stage();
    const attacker = await open();
    const good = await open();
    attacker.write(takenBack(1, 600));
    await attacker.closed;
    expect(seen()).toEqual({ refused: 1, ended: 1 });
    expect(attacker.goaways()).toContain(11);
    good.end();
  });

  it('lets those be taken back that there may be in a while, and as many in the next', async () => {
    const { open, pass, seen, closed } = await stage();
    const client = await open();
    client.write(takenBack(1, 500));
    await expect.poll(closed).toBe(500);
    pass(10_000);
    client.write(takenBack(501, 400));
    await expect.poll(closed).toBe(900);
    expect(seen()).toEqual({ refused: 0, ended: 0 });
    client.end();
  });

  it('lets all leave who have read for a while', async () => {
    const { open, pass, seen, began, closed } = await stage();
    const proxy = await open();
    proxy.write(asked(1, 600));
    await expect.poll(began).toBe(600);
    pass(1000);
    proxy.write(leftAgain(1, 600));
    await expect.poll(closed).toBe(600);
    expect(seen()).toEqual({ refused: 0, ended: 0 });
    proxy.end();
  });
});
