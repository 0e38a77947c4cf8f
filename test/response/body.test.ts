import { NEVER, Observable, of, type Subscriber, VirtualTimeScheduler } from 'rxjs';
import { StreamError } from 'sluice/chunk';
import { describe, expect, it } from 'vitest';
import { Body, told } from '../../src/response/body.js';
import { until } from '../servers/until.js';

const text = (part: Uint8Array | undefined) => (part === undefined ? undefined : Buffer.from(part).toString());
async function parts(body: Pick<Body<never>, 'next'>): Promise<string[]> {
  const all: string[] = [];
  for (let part = await body.next(); part !== undefined; part = await body.next()) all.push(text(part)!);
  return all;
}

describe('body', () => {
  it('writes together what is there together', async () => {
    const body = new Body(['a', 'b', 'c'], {});
    await body.open();
    expect(body.contentType).toBe('text/plain; charset=utf-8');
    expect(await parts(body)).toEqual(['abc']);
    expect(body.outcome).toEqual({ status: 'completed', items: 3, bytes: 3 });
  });

  it('writes text among bytes in order', async () => {
    const body = new Body<string | Uint8Array>(['a', Buffer.from('b'), 'c', '', Buffer.from('d')], {
      format: 'binary',
    });
    expect(await parts(body)).toEqual(['abcd']);
  });

  it('writes no more at once than it is told, but every item whole', async () => {
    const body = new Body(['aaaa', 'bbbb', 'cc'], { bufferBytes: 5 });
    expect(await parts(body)).toEqual(['aaaabbbb', 'cc']);
  });

  it('gives no empty part', async () => {
    expect(await parts(new Body(['', '', 'a', ''], { bufferBytes: 1 }))).toEqual(['a']);
  });

  it('makes a whole body of nothing', async () => {
    expect(await parts(new Body([], { format: 'json' }))).toEqual(['[]\n']);
    expect(await parts(new Body([], {}))).toEqual([]);
  });

  it('begins with what the format begins with before there is an item, and shows that it lives', async () => {
    const scheduler = new VirtualTimeScheduler();
    const body = new Body(NEVER, { format: 'sse', heartbeatMs: 1000, scheduler });
    await body.open();
    expect(text(await body.next())).toBe(': \n\n');
    for (let beat = 1; beat <= 2; beat++) {
      const next = body.next();
      scheduler.flush();
      expect(text(await next)).toBe(': \n\n');
      expect(scheduler.now()).toBe(1000 * beat);
    }
    body.leave();
  });

  it('loses nothing that comes while it beats', async () => {
    const scheduler = new VirtualTimeScheduler();
    let give!: (item: string) => void;
    const body = new Body(new Observable<string>((to) => void (give = (item) => to.next(item))), {
      format: 'sse',
      heartbeatMs: 10,
      scheduler,
    });
    await body.next();
    const beat = body.next();
    scheduler.flush();
    give('a');
    expect([text(await beat), text(await body.next())]).toEqual([': \n\n', 'data: a\n\n']);
    give('b');
    expect(text(await body.next())).toBe('data: b\n\n');
    body.leave();
  });

  it('loses nothing that comes between a heartbeat and the next look', async () => {
    const scheduler = new VirtualTimeScheduler();
    let destination!: Subscriber<string>;
    const source = new Observable<string>((to) => void (destination = to));
    const body = new Body(source, { format: 'sse', heartbeatMs: 10, scheduler });
    await body.next();
    const beat = body.next();
    scheduler.flush();
    destination.next('a');
    await beat;
    await new Promise((resolve) => setImmediate(resolve));
    expect(text(await body.next())).toBe('data: a\n\n');
    const another = body.next();
    scheduler.flush();
    destination.error(new Error('cut'));
    await another;
    await new Promise((resolve) => setImmediate(resolve));
    expect(text(await body.next())).toContain('event: error');
    await expect(body.next()).rejects.toThrow('cut');
  });

  it('fails before anything was written as the source does', async () => {
    const error = new Error('secret');
    const body = new Body(new Observable<string>((to) => to.error(error)), {});
    await expect(body.open()).rejects.toBe(error);
    expect(body.outcome).toEqual({ status: 'failed', items: 0, bytes: 0, error });
  });

  it('tells the reader, then fails as the source does', async () => {
    const error = new StreamError('gap', 'it is missing');
    function* source(): Generator<string> {
      yield 'a';
      throw error;
    }
    const body = new Body(oneByOne(source()), { format: 'ndjson' });
    expect(text(await body.next())).toBe('"a"\n');
    expect(text(await body.next())).toBe('{"error":{"code":"gap","message":"it is missing"}}\n');
    await expect(body.next()).rejects.toBe(error);
    expect(body.outcome).toEqual({ status: 'failed', items: 1, bytes: 4, error });
  });

  it('fails on an item that has no place in the format, and lets the source go', async () => {
    let returned = false;
    function* source(): Generator {
      try {
        yield { a: 1 };
      } finally {
        returned = true;
      }
    }
    const body = new Body(oneByOne(source()), { format: 'binary' });
    await expect(body.open()).rejects.toMatchObject({ code: 'data-malformed' });
    expect(returned).toBe(true);
  });

  it('ends at once when the reader leaves, also with an item pending', async () => {
    const body = new Body(NEVER, { format: 'sse' });
    await body.next();
    const pending = body.next();
    body.leave();
    expect(await pending).toBe(undefined);
    expect(await body.next()).toBe(undefined);
    body.leave();
    expect(body.outcome).toEqual({ status: 'cancelled', items: 0, bytes: 4 });
  });

  it('stays completed when the reader leaves behind the end', async () => {
    const body = new Body(of('a'), {});
    await parts(body);
    body.leave();
    expect(body.outcome?.status).toBe('completed');
  });

  it('ends for a reader who leaves while the end is being compressed', async () => {
    const body = new Body([1], { format: 'json' });
    await body.open();
    let closed = false;
    const never = new Promise<never>(() => {});
    body.compress({
      push: async (bytes) => bytes,
      end: () => (closed ? never : Promise.resolve(new Uint8Array())),
      destroy: () => (closed = true),
    });
    expect(text(await body.next())).toBe('[1');
    const last = body.next();
    await until('it has ended', () => body.outcome !== undefined);
    body.leave();
    await last;
    expect(await body.next()).toBeUndefined();
    expect(body.outcome).toMatchObject({ status: 'completed' });
  });

  it('tells nothing of errors that are none of ours', () => {
    expect(told(new Error('password=1234'))).toEqual({
      code: 'internal',
      message: 'the source of this response failed',
    });
  });

  it.each([
    [{ format: 'xml' }, 'format must be one of "text", "json", "ndjson", "binary", "sse"'],
    [{ bufferBytes: 0 }, 'bufferBytes'],
    [{ heartbeatMs: -1 }, 'heartbeatMs'],
  ])('refuses %j', (options, message) => {
    expect(() => new Body([], options as object)).toThrow(message);
  });
});

async function* oneByOne<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
