import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { refuseUpgrade, sendJson } from '../../src/node/send-json.js';

/** What a server says to a request, word for word. */
async function said(request: string): Promise<string> {
  const server = createServer((asked, response) => sendJson(asked, response, 413, { code: 'frame-too-large' }));
  server.on('upgrade', (_, socket) => {
    refuseUpgrade(socket, { status: 404, code: 'run-not-found', message: 'there is no run "ü"' });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
  socket.write(request);
  let text = '';
  for await (const part of socket.setEncoding('utf8')) text += part as string;
  server.close();
  return text;
}

describe('sendJson', () => {
  it('answers, and ends the connection where a body is unread', async () => {
    const text = await said('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 413 .*connection: close.*\{"code":"frame-too-large"\}/is);
    expect(text).toContain('no-store');
  });
});

describe('refuseUpgrade', () => {
  it('answers in whole, and ends the connection', async () => {
    const text = await said('GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    const [head, body] = text.split('\r\n\r\n');
    expect(JSON.parse(body!)).toEqual({ code: 'run-not-found', message: 'there is no run "ü"' });
    expect(head).toContain(`content-length: ${Buffer.byteLength(body!)}`);
  });
});
