import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ask, listStreams, runPath } from '../../src/cli/ask.js';
import { freePort } from '../servers/server.js';

/** Asks a server that answers so. */
async function asked(answer: RequestListener, path = '/x', body?: object): Promise<unknown> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  try {
    return path === '/streams' ? await listStreams(url, 'a') : await ask(url, path, body);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const answering =
  (status: number, body = ''): RequestListener =>
  (_, response) =>
    response.writeHead(status).end(body);

describe('ask', () => {
  it('asks, and sends JSON', async () => {
    expect(await asked(answering(200, '{"a":1}'))).toEqual({ a: 1 });
    expect(await asked(answering(204))).toBeUndefined();
    const echo: RequestListener = (request, response) => {
      response.setHeader('seen', `${request.method} ${request.headers['content-type']}`);
      request.pipe(response);
    };
    expect(await asked(echo, '/x', { a: 'ü' })).toEqual({ a: 'ü' });
  });

  it('answers nothing for what is not there, and says why it was refused', async () => {
    expect(await asked(answering(404, '{"code":"run-not-found"}'))).toBeUndefined();
    await expect(asked(answering(409, '{"code":"answer-refused","message":"no"}'))).rejects.toThrow(
      'no (answer-refused)',
    );
    await expect(asked(answering(502, '<html>'))).rejects.toThrow('the server answers 502');
    await expect(asked(answering(500, '{}'))).rejects.toThrow('the server answers 500');
  });

  it('says where nobody is', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    await expect(ask(url, '/x')).rejects.toThrow(`there is no server at ${url}: ECONNREFUSED`);
  });
});

describe('listStreams', () => {
  it('takes those whose names begin so', async () => {
    const list = [{ streamId: 'a/1' }, { streamId: 'b' }];
    expect(await asked(answering(200, JSON.stringify(list)), '/streams')).toEqual([{ streamId: 'a/1' }]);
  });
});

describe('runPath', () => {
  it('names a run whatever its id', () => {
    expect(runPath('a b?', '/cancel')).toBe('/v1/runs/a%20b%3F/cancel');
  });
});
