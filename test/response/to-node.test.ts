import {
  createServer,
  get,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createGunzip } from 'node:zlib';
import { NEVER, Observable, of } from 'rxjs';
import { createFlow } from 'sluice/flow';
import type { ResponseOutcome, ResponseSource } from 'sluice/response';
import { toNode, type ToNodeOptions } from 'sluice/response/to-node';
import { fromPull } from 'sluice/source/iterable';
import { afterEach, describe, expect, it } from 'vitest';

const servers: Server[] = [];
const outcomes: Promise<ResponseOutcome>[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  outcomes.length = 0;
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = <T>(source: ResponseSource<T>, options?: ToNodeOptions<T>): Promise<string> =>
  listen((_, response) => outcomes.push(toNode(source, response, options)));

function open(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, { headers, agent: false }, resolve).once('error', reject));
}

async function* endingIn(error: Error): AsyncGenerator<string> {
  yield 'a';
  throw error;
}

describe('toNode', () => {
  it('answers with a stream', async () => {
    const response = await fetch(await serve(['Call me ', 'Ishmael.']));
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toBe('Call me Ishmael.');
    expect(await outcomes[0]).toEqual({ status: 'completed', items: 2, bytes: 16 });
  });

  it('sends every item when it is there, compressed too', async () => {
    let give!: (item: string) => void;
    const source = new Observable<string>((to) => void (give = (item) => to.next(item)));
    const url = await serve(source, { format: 'sse', compression: true });
    const response = await open(url, { accept: 'text/event-stream', 'accept-encoding': 'gzip' });
    expect(response.headers['content-encoding']).toBe('gzip');
    let text = '';
    response.pipe(createGunzip()).on('data', (part) => (text += part));
    for (const item of ['one', 'two', 'three']) {
      give(item);
      await expect.poll(() => text).toContain(`data: ${item}\n\n`);
    }
    response.destroy();
    expect((await outcomes[0])!.status).toBe('cancelled');
  });

  it('pulls no more than the socket takes from a reader that has stopped', async () => {
    let made = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (;;) {
        made++;
        yield new Uint8Array(65_536);
      }
    }
    const response = await open(await serve(source()));
    const settled = async (): Promise<number> => {
      for (let before = -1; before !== made;) {
        before = made;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      return made;
    };
    const first = await settled();
    expect(first * 65_536).toBeLessThan(32 * 2 ** 20);
    for await (const part of response) {
      if ((part as Buffer).length > 0 && made > first + 100) break;
    }
    expect((await outcomes[0])!.status).toBe('cancelled');
  });

  it('stops the sources of an Observable’s flow with the socket', async () => {
    let made = 0;
    function* source(): Generator<Uint8Array> {
      for (; made < 100_000; made++) yield new Uint8Array(65_536);
    }
    const flow = createFlow();
    const response = await open(await serve(fromPull(source(), { flow }), { flow, capacity: 8 }));
    let before = -1;
    while (before !== made) {
      before = made;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(made * 65_536).toBeLessThan(32 * 2 ** 20);
    response.destroy();
    expect((await outcomes[0])!.status).toBe('cancelled');
  });

  it('tells by the status what fails at once, and nothing that is nobody’s business', async () => {
    const response = await fetch(await serve(new Observable((to) => to.error(new Error('secret')))));
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ code: 'internal', message: 'the source of this response failed' });
    expect((await outcomes[0])!.status).toBe('failed');
  });

  it.each([
    ['text', 'a'],
    ['json', '["a"'],
    ['ndjson', '"a"\n{"error":{"code":"internal","message":"the source of this response failed"}}\n'],
    ['binary', 'a'],
    [
      'sse',
      ': \n\ndata: a\n\nevent: error\ndata: {"code":"internal","message":"the source of this response failed"}\n\n',
    ],
  ] as const)('%s: what fails later has no clean end, and loses nothing before it', async (format, text) => {
    const response = await open(await serve(endingIn(new Error('x')), { format }));
    let read = '';
    const end = await new Promise((resolve) => {
      response.on('data', (part) => (read += part));
      response.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      response.once('end', () => resolve('a clean end'));
    });
    expect([read, end]).toEqual([text, 'ECONNRESET']);
    expect(await outcomes[0]).toMatchObject({ status: 'failed', items: 1 });
  });

  it('lets the source go at once when the reader leaves', async () => {
    let gone!: () => void;
    const left = new Promise<void>((resolve) => (gone = resolve));
    const response = await open(await serve(new Observable(() => gone), { format: 'sse' }));
    response.destroy();
    await left;
    expect((await outcomes[0])!.status).toBe('cancelled');
  });

  it('answers HEAD without asking the source', async () => {
    let asked = false;
    const url = await serve(new Observable<string>(() => void (asked = true)), { format: 'text' });
    const response = await fetch(url, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/plain; charset=utf-8',
      '',
    ]);
    expect(asked).toBe(false);
  });

  it('asks nothing of a source when the reader is gone already', async () => {
    let asked = false;
    let over!: () => void;
    const done = new Promise<void>((resolve) => (over = resolve));
    const url = await listen((_, response: ServerResponse) => {
      response.destroy();
      response.once('close', () => {
        outcomes.push(toNode(new Observable(() => void (asked = true)), response));
        over();
      });
    });
    await expect(fetch(url)).rejects.toThrow();
    await done;
    expect([(await outcomes[0])!.status, asked]).toEqual(['cancelled', false]);
  });

  it('refuses options that cannot be', async () => {
    await expect(toNode(NEVER, {} as ServerResponse, { compression: ['zip'] as never })).rejects.toThrow('compression');
  });

  it('answers over HTTP/2', async () => {
    const server = createHttp2Server((request, response) => {
      void toNode(request.url === '/' ? of('a', 'b') : endingIn(new Error('x')), response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const read = (path: string) =>
      new Promise<[string, unknown]>((resolve) => {
        let text = '';
        let failure: unknown;
        const stream = client.request({ ':path': path });
        stream.on('data', (part) => (text += part)).on('error', ({ message }) => (failure = message));
        stream.once('close', () => resolve([text, failure]));
      });
    expect(await read('/')).toEqual(['ab', undefined]);
    expect(await read('/failing')).toEqual(['a', expect.stringContaining('NGHTTP2_INTERNAL_ERROR')]);
    client.close();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
});
