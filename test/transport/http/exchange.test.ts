import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { type Exchange, type HttpRequest, openExchange } from '../../../src/transport/http/exchange.js';
import { type HttpOptions, httpRules } from '../../../src/transport/http/rules.js';
import { freePort } from '../../servers/server.js';
import { until } from '../../servers/until.js';
import { VirtualTime } from '../../virtual-time.js';
import { all, type Answer, failureOf, Lab } from './lab.js';

let lab: Lab;
const never = new AbortController().signal;

afterEach(() => lab?.close());

async function open(
  answer: Answer,
  request: HttpRequest = { method: 'GET' },
  options: Partial<HttpOptions> = {},
  signal: AbortSignal = never,
): Promise<Exchange> {
  lab = await Lab.start(answer);
  return openExchange(httpRules({ url: lab.url, ...options }), request, signal);
}

async function text(exchange: Exchange): Promise<string> {
  return Buffer.concat(await all(exchange.pieces())).toString();
}

describe('openExchange', () => {
  it('sends what it is told, in one order, ours before the own', async () => {
    const exchange = await open(
      (response) => response.end('body'),
      {
        method: 'POST',
        query: { offset: 'a&b', cursor: undefined },
        headers: { 'content-type': 'text/plain', 'stream-seq': undefined },
        body: new TextEncoder().encode('é'),
      },
      {
        headers: { Authorization: 'Bearer 1', 'Content-Type': 'text/html' },
        params: () => ({ z: '1', a: '2' }),
      },
    );
    expect(await text(exchange)).toBe('body');
    exchange.close();
    const [asked] = lab.asked;
    expect(asked).toMatchObject({ method: 'POST', path: '/v1/stream/s', body: 'é' });
    expect(`${asked!.query}`).toBe('a=2&offset=a%26b&z=1');
    expect(asked!.headers).toMatchObject({ authorization: 'Bearer 1', 'content-type': 'text/plain' });
    expect(asked!.headers).not.toHaveProperty('stream-seq');
  });

  it('asks for headers and parameters before every request', async () => {
    let count = 0;
    lab = await Lab.start((response) => response.end());
    const rules = httpRules({ url: lab.url, headers: async () => ({ token: `${++count}` }) });
    for (let i = 0; i < 3; i++) (await openExchange(rules, { method: 'GET' }, never)).close();
    expect(lab.asked.map(({ headers }) => headers['token'])).toEqual(['1', '2', '3']);
  });

  it('fails with what the answer stands for and the beginning of its reason, on one line', async () => {
    const reason = `first\r\n\u0007second${'x'.repeat(5000)}`;
    const error = await failureOf(
      open((response) => response.writeHead(404).end(reason), { method: 'GET', query: { offset: '0_1' } }),
    );
    expect(error).toMatchObject({ code: 'stream-not-found', status: 404 });
    const { message } = error as Error;
    expect(message).toMatch(/^GET \/v1\/stream\/s: the server answered 404: first secondx+$/);
    expect(message.length).toBeLessThan(260);
  });

  it('keeps the query out of messages: it may hold a token', async () => {
    const error = await failureOf(
      open((response) => response.writeHead(403).end(), { method: 'GET' }, { params: { key: 'secret' } }),
    );
    expect((error as Error).message).not.toContain('secret');
  });

  it('asks whoever asked what a refusal is about', async () => {
    lab = await Lab.start((response) => response.writeHead(409, { 'stream-closed': 'true' }).end());
    const request: HttpRequest = {
      method: 'POST',
      refusal: ({ headers }, { method }) => ({
        code: 'stream-closed',
        field: method,
        offset: headers.get('none') ?? '-',
      }),
    };
    await expect(openExchange(httpRules({ url: lab.url }), request, never)).rejects.toMatchObject({
      code: 'stream-closed',
      status: 409,
      offset: '-',
      details: { field: 'POST' },
    });
  });

  it('fails as a lost connection when nobody answers', async () => {
    const rules = httpRules({ url: `http://127.0.0.1:${await freePort()}/s` });
    await expect(openExchange(rules, { method: 'GET' }, never)).rejects.toMatchObject({
      code: 'connection-lost',
      status: undefined,
      message: expect.stringMatching(/^GET \/s: the connection broke: fetch failed \(.*ECONNREFUSED/),
    });
  });

  it('fails as a lost connection when the body is cut', async () => {
    const exchange = await open((response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    await expect(text(exchange)).rejects.toMatchObject({ code: 'connection-lost', status: undefined });
    exchange.close();
  });

  it('fails as a lost connection whatever fetch throws', async () => {
    const failing = async (thrown: unknown): Promise<unknown> => {
      const rules = httpRules({ url: 'http://127.0.0.1', fetch: () => Promise.reject(thrown as Error) });
      return failureOf(openExchange(rules, { method: 'GET' }, never));
    };
    expect(await failing('odd')).toMatchObject({
      code: 'connection-lost',
      message: 'GET /: the connection broke: odd',
    });
    expect(await failing(new Error('plain'))).toMatchObject({ message: 'GET /: the connection broke: plain' });
    const fetch = (): never => {
      throw new Error('at once');
    };
    const opened = openExchange(httpRules({ url: 'http://127.0.0.1', fetch }), { method: 'GET' }, never);
    await expect(opened).rejects.toMatchObject({
      code: 'connection-lost',
      message: 'GET /: the connection broke: at once',
    });
  });

  it('gives up on a server that is silent for too long, before the answer and within', async () => {
    for (const head of [false, true]) {
      const time = new VirtualTime();
      lab = await Lab.start((response) => {
        if (head) response.writeHead(200).flushHeaders();
      });
      const rules = httpRules({ url: lab.url, idleMs: 1000, scheduler: time });
      const opened = openExchange(rules, { method: 'GET' }, never);
      const silent = failureOf(head ? opened.then(async (exchange) => all(exchange.pieces())) : opened);
      if (head) await opened;
      await until('it was asked', () => lab.asked.length === 1);
      await time.pass(1000);
      expect(await silent).toMatchObject({ code: 'connection-lost', message: /silent for too long/ });
      await until('the connection was let go', () => lab.cut === 1);
      await lab.close();
    }
  });

  it('counts the silence of the server only, not that of the reader', async () => {
    const time = new VirtualTime();
    lab = await Lab.start((response) => {
      response.write('a');
      setTimeout(() => response.end('b'), 50);
    });
    const rules = httpRules({ url: lab.url, idleMs: 1000, scheduler: time });
    const exchange = await openExchange(rules, { method: 'GET' }, never);
    await time.pass(2000);
    const pieces = exchange.pieces();
    let text = '';
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
      text += Buffer.from(next.value).toString();
      await time.pass(2000);
    }
    expect(text).toBe('ab');
  });

  it('leaves nothing behind at the signal of the caller', async () => {
    const { signal } = new AbortController();
    const exchange = await open((response) => response.end('body'), { method: 'GET' }, {}, signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    exchange.close();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await lab.close();
    await failureOf(open((response) => response.writeHead(404).end(), { method: 'GET' }, {}, signal));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('waits for ever when it is told to', async () => {
    const time = new VirtualTime();
    lab = await Lab.start((response) => response.end('late'));
    const rules = httpRules({ url: lab.url, idleMs: Infinity, scheduler: time });
    expect(await text(await openExchange(rules, { method: 'GET' }, never))).toBe('late');
    expect(time.actions).toEqual([]);
  });

  it('lets go at once when nobody wants it any more', async () => {
    const abort = new AbortController();
    lab = await Lab.start(() => {});
    const opened = failureOf(openExchange(httpRules({ url: lab.url }), { method: 'GET' }, abort.signal));
    await until('it was asked', () => lab.asked.length === 1);
    abort.abort(new Error('enough'));
    expect(await opened).toMatchObject({ message: 'enough' });
    await until('the connection was let go', () => lab.cut === 1);
    const asked = openExchange(httpRules({ url: lab.url }), { method: 'GET' }, abort.signal);
    await expect(asked).rejects.toThrow('enough');
    expect(lab.asked.length).toBe(1);
  });

  it('waits for no token that nobody wants any more, nor for a fetch that does not listen', async () => {
    for (const options of [
      { headers: () => new Promise<never>(() => {}) },
      { fetch: () => new Promise<never>(() => {}) },
    ]) {
      const abort = new AbortController();
      const rules = httpRules({ url: 'http://127.0.0.1', ...options });
      const opened = failureOf(openExchange(rules, { method: 'GET' }, abort.signal));
      abort.abort(new Error('enough'));
      expect(await opened).toMatchObject({ message: 'enough' });
    }
  });

  it('sends nothing when it is called off while it waits for a token', async () => {
    const abort = new AbortController();
    let sent = 0;
    const rules = httpRules({
      url: 'http://127.0.0.1',
      headers: () => {
        abort.abort(new Error('enough'));
        return {};
      },
      fetch: async () => {
        sent++;
        return new Response();
      },
    });
    await expect(openExchange(rules, { method: 'GET' }, abort.signal)).rejects.toThrow('enough');
    expect(sent).toBe(0);
  });

  it('reads a refusal no further when nobody wants it any more', async () => {
    const abort = new AbortController();
    lab = await Lab.start((response) => response.writeHead(500).flushHeaders());
    const opened = failureOf(openExchange(httpRules({ url: lab.url }), { method: 'GET' }, abort.signal));
    await until('it was asked', () => lab.asked.length === 1);
    abort.abort(new Error('enough'));
    expect(await opened).toMatchObject({ message: 'enough' });
  });

  it('takes a refusal whose reason is cut for what it is', async () => {
    const error = await failureOf(
      open((response) => {
        response.writeHead(503, { 'content-length': '100', 'retry-after': '7' });
        response.write('down', () => response.destroy());
      }),
    );
    expect(error).toMatchObject({ code: 'connection-lost', status: 503, retryAfterMs: 7000 });
  });

  it('hands on no piece without bytes', async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const bytes of [[], [1], [], [2]]) controller.enqueue(new Uint8Array(bytes));
        controller.close();
      },
    });
    const rules = httpRules({ url: 'http://127.0.0.1', fetch: async () => new Response(body) });
    const exchange = await openExchange(rules, { method: 'GET' }, never);
    expect(await all(exchange.pieces())).toEqual([new Uint8Array([1]), new Uint8Array([2])]);
  });

  it('holds the server back while nobody asks for more', async () => {
    const piece = Buffer.alloc(65_536);
    let sent = 0;
    const exchange = await open((response) => {
      const go = (): void => {
        while (sent < 1000) {
          sent++;
          if (!response.write(piece)) return void response.once('drain', go);
        }
        response.end();
      };
      go();
    });
    const pieces = exchange.pieces();
    await pieces.next();
    // What the kernel and both ends hold is bounded; 64 MB would not fit.
    let before: number;
    do {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
    } while (sent > before);
    expect(sent).toBeLessThan(500);
    let bytes = 0;
    for await (const { length } of pieces) bytes += length;
    expect(sent).toBe(1000);
    expect(bytes).toBeGreaterThan(999 * 65_536 - 65_536);
    exchange.close();
  });

  describe('with several addresses', () => {
    const statusOf = async (rules: ReturnType<typeof httpRules>) => {
      try {
        const exchange = await openExchange(rules, { method: 'GET' }, never);
        exchange.close();
        return exchange.answer.status;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };

    it('goes on to the next where nobody answers, or with trouble that passes', async () => {
      lab = await Lab.start((response, _, count) => response.writeHead(count === 0 ? 503 : 200).end());
      const other = await Lab.start((response) => response.end());
      const gone = `http://127.0.0.1:${await freePort()}/v1/stream/s`;
      const rules = httpRules({ url: [gone, lab.url, other.url], retry: { random: () => 0 } });
      expect([await statusOf(rules), await statusOf(rules), await statusOf(rules), await statusOf(rules)]).toEqual([
        'connection-lost',
        'connection-lost',
        200,
        200,
      ]);
      expect([lab.asked.length, other.asked.length]).toEqual([1, 2]);
      await other.close();
    });

    it('stays where a request was refused for good: no other would do it', async () => {
      lab = await Lab.start((response) => response.writeHead(404).end());
      const rules = httpRules({ url: [lab.url, 'http://127.0.0.1:9/'], retry: { random: () => 0 } });
      expect([await statusOf(rules), await statusOf(rules)]).toEqual(['stream-not-found', 'stream-not-found']);
    });

    it('goes on where an answer breaks off in its midst', async () => {
      lab = await Lab.start((response) => {
        response.write('a');
        setTimeout(() => response.destroy(), 5);
      });
      const rules = httpRules({ url: [lab.url, 'http://127.0.0.1:9/other'], retry: { random: () => 0 } });
      const exchange = await openExchange(rules, { method: 'GET' }, never);
      await expect(text(exchange)).rejects.toMatchObject({ code: 'connection-lost' });
      expect(rules.addresses.current()).toBe('http://127.0.0.1:9/other');
    });
  });
});
