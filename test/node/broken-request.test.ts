import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createRefusals } from 'sluice/probe';
import { countBroken } from '../../src/node/broken-request.js';
import { raw } from './who-stage.js';

let http: Server | undefined;
afterEach(() => {
  http?.closeAllConnections();
  http?.close();
});

async function open(patienceMs = 60_000) {
  const refusals = createRefusals();
  const times = { headersTimeout: patienceMs, requestTimeout: patienceMs, connectionsCheckingInterval: 20 };
  http = createServer(times, (_, response) => response.end('ok'));
  countBroken(http, refusals);
  await new Promise<void>((resolve) => http!.listen(0, '127.0.0.1', resolve));
  return { port: (http.address() as { port: number }).port, refusals };
}

describe('countBroken', () => {
  it.each([
    ['400 Bad Request', ['GET / HTTP/1.1', 'Host: a', 'Broken', '', '']],
    ['431 Request Header Fields Too Large', ['GET / HTTP/1.1', `X: ${'x'.repeat(20_000)}`, '', '']],
    ['408 Request Timeout', ['GET / HTTP/1.1', 'Host: a']],
  ])('answers %s, and counts it', async (status, lines) => {
    const { port, refusals } = await open(status.startsWith('408') ? 50 : undefined);
    expect(await raw({ port }, ...lines)).toBe(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
    expect(refusals.read()[status.startsWith('408') ? 'slow' : 'header']).toBe(1);
  });

  it('says no more on a connection that was answered before', async () => {
    const { port, refusals } = await open();
    const said = await raw({ port }, 'GET / HTTP/1.1', 'Host: a', '', 'Broken', '', '');
    expect(said.endsWith('ok')).toBe(true);
    expect(refusals.read().header).toBe(1);
  });

  it.each(['resetAndDestroy', 'end'] as const)('does not count who hangs up by %s', async (hangUp) => {
    const { port, refusals } = await open();
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET / HTTP/1.1\r\n');
      setTimeout(() => socket[hangUp](), 20);
    });
    socket.resume();
    await new Promise((resolve) => socket.on('close', resolve));
    expect(await raw({ port }, 'GET / HTTP/1.1', 'Host: a', 'Connection: close', '', '')).toContain('ok');
    expect(refusals.read().header).toBe(0);
  });
});
