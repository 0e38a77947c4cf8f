import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { askRun } from '../../src/components/run-requests.js';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

/** Where a server answers so, and what it was asked. */
async function open(status: number, body = ''): Promise<{ url: string; asked: unknown[] }> {
  const asked: unknown[] = [];
  server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      asked.push([request.method, request.url, request.headers.authorization, JSON.parse(text)]);
      response.writeHead(status).end(body);
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, asked };
}

describe('askRun', () => {
  it('asks for what is wanted, as whoever bears the token', async () => {
    const { url, asked } = await open(202);
    expect(await askRun({ server: url, run: 'a/b', token: 'key' }, 'input', { value: 1 })).toBeUndefined();
    expect(await askRun({ server: url, run: 'r', token: '' }, 'cancel', {})).toBeUndefined();
    expect(asked).toEqual([
      ['POST', '/v1/runs/a%2Fb/input', 'Bearer key', { value: 1 }],
      ['POST', '/v1/runs/r/cancel', undefined, {}],
    ]);
  });

  it.each([
    [403, '{"message":"not by you"}', 'not by you'],
    [500, '{}', 'The server answers 500.'],
    [502, '<html>Bad Gateway</html>', 'The server cannot be reached; try again.'],
  ])('says why it is refused with %i and %s', async (status, body, words) => {
    const { url } = await open(status, body);
    expect(await askRun({ server: url, run: 'r', token: '' }, 'cancel', {})).toBe(words);
  });
});
