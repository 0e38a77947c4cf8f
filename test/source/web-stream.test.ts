import { concat, lastValueFrom, NEVER, Observable, of, take, throwError, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createFlow } from '../../src/flow/index.js';
import { fromPull } from '../../src/source/iterable.js';
import {
  fromReadableStream,
  fromWritableStream,
  intoWritableStream,
  toReadableStream,
} from '../../src/source/web-stream.js';
import { streamError } from '../operators/alphabet.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Everything a stream holds. */
async function all<T>(stream: ReadableStream<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

describe('fromReadableStream', () => {
  it('emits what the stream holds, in order, and completes', async () => {
    const stream = new Response('call me Ishmael').body!.pipeThrough(new TextDecoderStream());
    expect((await lastValueFrom(fromReadableStream(stream).pipe(toArray()))).join('')).toBe('call me Ishmael');
    expect(stream.locked).toBe(false);
  });

  it('fails as the stream does', async () => {
    const stream = new ReadableStream({ start: (controller) => controller.error(new Error('cut')) });
    await expect(lastValueFrom(fromReadableStream(stream))).rejects.toThrow('cut');
  });

  it('fails with a stream that is locked', async () => {
    const stream = new ReadableStream();
    stream.getReader();
    await expect(lastValueFrom(fromReadableStream(stream))).rejects.toThrow(TypeError);
  });

  it('cancels the stream at once when unsubscribed, also while a read is pending', async () => {
    const cancelled: string[] = [];
    const stream = new ReadableStream({ cancel: () => void cancelled.push('cancelled') });
    const subscription = fromReadableStream(stream).subscribe();
    await settled();
    subscription.unsubscribe();
    expect(cancelled).toEqual(['cancelled']);
  });

  it('opens one for every subscriber, with a signal of its own', async () => {
    const signals: AbortSignal[] = [];
    const source = fromReadableStream((signal) => {
      signals.push(signal);
      return new Response('x').body!;
    });
    await lastValueFrom(source);
    const subscription = source.subscribe();
    subscription.unsubscribe();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(new Set(signals).size).toBe(2);
  });

  it('reads nothing while the flow is shut', async () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 1 });
    let pulls = 0;
    const stream = new ReadableStream<number>(
      { pull: (controller) => controller.enqueue(pulls++) },
      { highWaterMark: 0 },
    );
    const got: number[] = [];
    const subscription = fromReadableStream(stream, { flow }).subscribe((item) => {
      got.push(item);
      lane.hold();
    });
    await settled();
    expect([got, pulls]).toEqual([[0], 1]);
    lane.release();
    await settled();
    expect([got, pulls]).toEqual([[0, 1], 2]);
    subscription.unsubscribe();
  });
});

describe('toReadableStream', () => {
  it('gives every item to a read, then closes', async () => {
    expect(await all(toReadableStream(of('a', 'b', 'c'), { capacity: 8 }))).toEqual(['a', 'b', 'c']);
  });

  it('gives what came before the error, then the error', async () => {
    const failing = concat(
      of('a'),
      throwError(() => new Error('producer died')),
    );
    const reader = toReadableStream(failing, { capacity: 8 }).getReader();
    expect(await reader.read()).toEqual({ done: false, value: 'a' });
    await expect(reader.read()).rejects.toThrow('producer died');
  });

  it('subscribes at the first read, and takes nothing ahead of the readers', async () => {
    const flow = createFlow();
    let pulled = 0;
    function* numbers() {
      for (;;) yield pulled++;
    }
    const reader = toReadableStream(fromPull(numbers, { flow }), { capacity: 2, flow }).getReader();
    await settled();
    expect(pulled).toBe(0);
    expect((await reader.read()).value).toBe(0);
    await settled();
    await settled();
    expect(pulled).toBeLessThanOrEqual(4);
    await reader.cancel();
    const stopped = pulled;
    await settled();
    expect(pulled).toBe(stopped);
  });

  it('unsubscribes when it is cancelled', async () => {
    let live = 0;
    const source = new Observable<never>((destination) => {
      live++;
      destination.add(() => void live--);
    });
    const reader = toReadableStream(source, { capacity: 1 }).getReader();
    const read = reader.read();
    await settled();
    expect(live).toBe(1);
    await reader.cancel();
    expect(live).toBe(0);
    expect(await read).toEqual({ done: true, value: undefined });
  });
});

describe('intoWritableStream', () => {
  /** A stream that keeps a diary, and takes what it is told to. */
  function sink(take: () => Promise<void> = async () => {}) {
    const diary: unknown[] = [];
    const stream = new WritableStream<number>({
      write: async (item) => {
        await take();
        diary.push(item);
      },
      close: () => void diary.push('closed'),
      abort: (reason) => void diary.push(['aborted', reason]),
    });
    return { stream, diary };
  }

  it('writes everything, closes the stream, then completes', async () => {
    const { stream, diary } = sink();
    const flow = createFlow();
    await lastValueFrom(of(1, 2).pipe(intoWritableStream(stream, { flow })), { defaultValue: undefined });
    expect(diary).toEqual([1, 2, 'closed']);
  });

  it('stops the source while the stream is behind', async () => {
    let taken = (): void => {};
    const { stream } = sink(() => new Promise((resolve) => (taken = resolve)));
    const flow = createFlow();
    let pulled = 0;
    function* numbers() {
      for (;;) yield pulled++;
    }
    const subscription = fromPull(numbers, { flow })
      .pipe(intoWritableStream(stream, { flow, window: 4 }))
      .subscribe();
    await settled();
    expect(pulled).toBe(4);
    taken();
    subscription.unsubscribe();
  });

  it('aborts the stream when the source fails', async () => {
    const { stream, diary } = sink();
    const failing = concat(
      of(1),
      throwError(() => 'producer died'),
    );
    await expect(lastValueFrom(failing.pipe(intoWritableStream(stream, { flow: createFlow() })))).rejects.toBe(
      'producer died',
    );
    await settled();
    expect(diary).toEqual([['aborted', 'producer died']]);
  });

  it('aborts the stream when unsubscribed', async () => {
    const { stream, diary } = sink();
    const flow = createFlow();
    concat(of(1), NEVER).pipe(intoWritableStream(stream, { flow })).subscribe().unsubscribe();
    await settled();
    expect(diary).toEqual([['aborted', streamError('stream-cancelled', 'nobody wants')]]);
  });

  it('is not harmed by a stream that cannot even be aborted', async () => {
    const reasons: unknown[] = [];
    const stream = new WritableStream<number>({
      abort: (reason) => {
        reasons.push(reason);
        throw new Error('no way out');
      },
    });
    NEVER.pipe(intoWritableStream(stream, { flow: createFlow() }))
      .subscribe()
      .unsubscribe();
    await settled();
    expect(reasons).toEqual([streamError('stream-cancelled', 'nobody wants')]);
  });

  it('fails as the stream does, and lets the source go', async () => {
    const { stream } = sink(() => Promise.reject(new Error('disk full')));
    const endless = fromPull(function* () {
      for (;;) yield 1;
    });
    await expect(lastValueFrom(endless.pipe(intoWritableStream(stream, { flow: createFlow() })))).rejects.toThrow(
      'disk full',
    );
  });
});

describe('fromWritableStream', () => {
  it('emits what is written, and completes when it is closed', async () => {
    const { writable, items } = fromWritableStream<string>();
    const all = lastValueFrom(items.pipe(toArray()));
    await new Response('call me Ishmael').body!.pipeThrough(new TextDecoderStream()).pipeTo(writable);
    expect((await all).join('')).toBe('call me Ishmael');
  });

  it('has the writer wait for a subscriber, and while the flow is shut', async () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 1 });
    const { writable, items } = fromWritableStream<number>({ flow });
    const writer = writable.getWriter();
    const written: number[] = [];
    for (const item of [1, 2]) void writer.write(item).then(() => written.push(item));
    await settled();
    expect(written).toEqual([]);
    const got: number[] = [];
    items.subscribe((item) => {
      got.push(item);
      lane.hold();
    });
    await settled();
    expect([written, got]).toEqual([[1], [1]]);
    lane.release();
    await settled();
    expect([written, got]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it('fails when it is aborted', async () => {
    const { writable, items } = fromWritableStream<number>();
    const end = lastValueFrom(items);
    await writable.abort(new Error('gave up'));
    await expect(end).rejects.toThrow('gave up');
  });

  it.each([true, false])('makes a write fail once nobody reads (the flow being open: %s)', async (open) => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 1 });
    const { writable, items } = fromWritableStream<number>({ flow });
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    const subscription = items.subscribe();
    if (!open) lane.hold();
    const write = writer.write(1);
    if (!open) await settled();
    subscription.unsubscribe();
    if (open) await write.catch(() => {});
    await expect(open ? writer.write(2) : write).rejects.toEqual(streamError('stream-cancelled', 'nobody reads'));
  });

  it('serves one subscriber', async () => {
    const { items } = fromWritableStream<number>();
    items.subscribe();
    await expect(lastValueFrom(items.pipe(take(1)))).rejects.toEqual(streamError('limit-reached', 'one subscriber'));
  });
});
