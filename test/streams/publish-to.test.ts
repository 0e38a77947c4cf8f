import { EMPTY, Observable, of, Subject, take, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type ChunkBody, StreamError } from '../../src/chunk/index.js';
import type { AppendOptions } from '../../src/log/log.js';
import { createFlow } from '../../src/flow/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { createStreams, publishTo, type PublishTarget, type PublishToOptions } from '../../src/streams/index.js';
import { textBodies, textBody } from '../bodies.js';

/** A target that answers when the test says, and what was published to it. */
class Target implements PublishTarget {
  readonly appends: { datas: string; options: AppendOptions }[] = [];
  /** Most appends under way at the same time. */
  most = 0;
  private waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  private next = 0;

  publish(_: string, chunks: readonly ChunkBody[], options: AppendOptions = {}): Promise<{ next: number }> {
    this.appends.push({ datas: chunks.map(({ data }) => data).join(), options });
    this.next += chunks.length;
    const { next } = this;
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve: () => resolve({ next }), reject });
      this.most = Math.max(this.most, this.waiting.length);
    });
  }

  /** Answers the append under way. */
  async keep(): Promise<void> {
    this.waiting.shift()!.resolve();
    await turns();
  }

  async refuse(error: Error): Promise<void> {
    this.waiting.shift()!.reject(error);
    await turns();
  }

  /** Answers until there is nothing more to answer. */
  async keepAll(): Promise<void> {
    while (this.waiting.length > 0) await this.keep();
  }
}

async function turns() {
  for (let hops = 0; hops < 8; hops++) await undefined;
}

function stage(options: PublishToOptions = {}, source: Observable<ChunkBody> = new Subject<ChunkBody>()) {
  const target = new Target();
  const got: unknown[] = [];
  const subscription = source.pipe(publishTo(target, 's', options)).subscribe({
    next: ({ next }) => void got.push(next),
    error: (error: StreamError) => void got.push(`failed ${error.code ?? error.message}`),
    complete: () => void got.push('completed'),
  });
  const datas = () => target.appends.map((append) => append.datas);
  const push = (...items: string[]) => {
    for (const item of items) (source as Subject<ChunkBody>).next(textBody(item));
  };
  return { source: source as Subject<ChunkBody>, target, got, subscription, datas, push };
}

describe('publishTo', () => {
  it('publishes one append at a time: what comes meanwhile goes together', async () => {
    const { source, target, got, datas, push } = stage();
    push('a', 'b', 'c');
    expect(datas()).toEqual(['a']);
    await target.keep();
    expect(datas()).toEqual(['a', 'b,c']);
    await target.keep();
    push('d');
    expect(datas()).toEqual(['a', 'b,c', 'd']);
    source.complete();
    await target.keepAll();
    expect(datas()).toEqual(['a', 'b,c', 'd', '']);
    expect(got).toEqual([1, 3, 4, 4, 'completed']);
    expect(target.most).toBe(1);
  });

  it('puts no more into one append than it may', async () => {
    const { source, target, datas, push } = stage({ maxBatch: 2 });
    push('a', 'b', 'c', 'd', 'e', 'f');
    source.complete();
    await target.keepAll();
    expect(datas()).toEqual(['a', 'b,c', 'd,e', 'f']);
    expect(target.appends.map(({ options }) => options)).toEqual([{}, {}, {}, { close: { status: 'completed' } }]);
  });

  describe('the end', () => {
    it('goes with the last chunks, and is waited for', async () => {
      const { target, got, datas } = stage({}, of(...textBodies('a', 'b')));
      await target.keep();
      expect(datas()).toEqual(['a', 'b']);
      expect(target.appends[1]!.options).toEqual({ close: { status: 'completed' } });
      expect(got).toEqual([1]);
      await target.keep();
      expect(got).toEqual([1, 2, 'completed']);
    });

    it('is published for an empty source as well', async () => {
      const { target, got } = stage({}, EMPTY);
      expect(target.appends).toEqual([{ datas: '', options: { close: { status: 'completed' } } }]);
      await target.keep();
      expect(got).toEqual([0, 'completed']);
    });

    it('is a failure when the source fails, which comes behind what waits', async () => {
      const { source, target, got, push } = stage();
      push('a', 'b');
      source.error(new Error('broke'));
      expect(got).toEqual([]);
      await target.keepAll();
      expect(target.appends.map(({ datas, options }) => [datas, options.close])).toEqual([
        ['a', undefined],
        ['b', { status: 'failed', reason: 'broke' }],
      ]);
      expect(got).toEqual([1, 2, 'failed broke']);
    });

    it('has a reason that fits, and no half characters', async () => {
      const { target } = stage(
        {},
        throwError(() => new Error(`${'x'.repeat(1023)}🐳`)),
      );
      expect(target.appends[0]!.options.close!.reason).toBe(`${'x'.repeat(1023)}\ufffd`);
      const other = stage(
        {},
        throwError(() => 'text'),
      );
      expect(other.target.appends[0]!.options.close).toEqual({ status: 'failed', reason: 'text' });
    });

    it('is left to others on demand', async () => {
      const completed = stage({ close: false }, of(textBody('a')));
      await completed.target.keepAll();
      expect(completed.target.appends).toEqual([{ datas: 'a', options: {} }]);
      expect(completed.got).toEqual([1, 'completed']);
      const failed = stage(
        { close: false },
        throwError(() => new Error('broke')),
      );
      await turns();
      expect(failed.target.appends).toEqual([]);
      expect(failed.got).toEqual(['failed broke']);
    });
  });

  it('numbers for its producer', async () => {
    const { source, target, push } = stage({ producer: { id: 'p', epoch: 2, seq: 7 }, maxBatch: 2 });
    push('a', 'b', 'c', 'd');
    source.complete();
    await target.keepAll();
    expect(target.appends.map(({ options }) => options.producer)).toEqual([
      { id: 'p', epoch: 2, seq: 7 },
      { id: 'p', epoch: 2, seq: 8 },
      { id: 'p', epoch: 2, seq: 10 },
    ]);
  });

  it('fails when more waits than may, and lets the source go', async () => {
    const { source, target, got, datas, push } = stage({ capacity: 2 });
    push('a', 'b', 'c');
    expect(got).toEqual([]);
    push('d');
    expect(got).toEqual(['failed overflow']);
    expect(source.observed).toBe(false);
    push('e');
    await target.keepAll();
    expect(datas()).toEqual(['a']);
    expect(got).toEqual(['failed overflow']);
  });

  it('stops a source that emits without end while it is subscribed to', () => {
    let emitted = 0;
    const firehose = new Observable<ChunkBody>((destination) => {
      while (!destination.closed) {
        emitted++;
        destination.next(textBody('x'));
      }
    });
    const { got } = stage({ capacity: 5 }, firehose);
    expect(got).toEqual(['failed overflow']);
    expect(emitted).toBe(7);
  });

  it('fails as the target does, whether it rejects or throws', async () => {
    const rejecting = stage();
    rejecting.push('a', 'b');
    await rejecting.target.refuse(new StreamError('log-full', 'no'));
    expect(rejecting.got).toEqual(['failed log-full']);
    expect(rejecting.source.observed).toBe(false);
    expect(rejecting.datas()).toEqual(['a']);
    const odd = stage();
    odd.push('a');
    await odd.target.refuse(new Error('what?'));
    expect(odd.got).toEqual(['failed internal']);
    const throwing = stage();
    throwing.target.publish = () => {
      throw new StreamError('name-invalid', 'no');
    };
    throwing.push('a');
    await turns();
    expect(throwing.got).toEqual(['failed name-invalid']);
  });

  it('publishes nothing more when its subscriber goes', async () => {
    const { source, target, got, subscription, datas, push } = stage();
    push('a', 'b');
    subscription.unsubscribe();
    expect(source.observed).toBe(false);
    await target.keepAll();
    expect(datas()).toEqual(['a']);
    expect(got).toEqual([]);
  });

  it('does not end the stream either, when its subscriber goes', async () => {
    const { source, target, subscription, datas, push } = stage();
    push('a', 'b');
    source.complete();
    subscription.unsubscribe();
    await target.keepAll();
    expect(datas()).toEqual(['a']);
  });

  it('stops within an emission', async () => {
    const target = new Target();
    const source = new Subject<ChunkBody>();
    const subscription = source.pipe(publishTo(target, 's')).subscribe(() => subscription.unsubscribe());
    for (const chunk of textBodies('a', 'b')) source.next(chunk);
    source.complete();
    await target.keepAll();
    expect(target.appends.map(({ datas }) => datas)).toEqual(['a']);
  });

  it('stops within the last emission', async () => {
    const target = new Target();
    const got: unknown[] = [];
    of(textBody('a'))
      .pipe(publishTo(target, 's'), take(2))
      .subscribe({ next: ({ next }) => got.push(next), complete: () => got.push('completed') });
    await target.keepAll();
    expect(got).toEqual([1, 1, 'completed']);
  });

  it('takes no notice of a refusal when its subscriber has gone', async () => {
    const { target, got, subscription, push } = stage();
    push('a');
    subscription.unsubscribe();
    await target.refuse(new Error('late'));
    expect(got).toEqual([]);
  });

  it('begins anew for every subscriber', async () => {
    const target = new Target();
    const published = of(textBody('a')).pipe(publishTo(target, 's', { producer: { id: 'p', epoch: 0, seq: 0 } }));
    published.subscribe();
    published.subscribe();
    await target.keepAll();
    expect(target.appends.map(({ options }) => options.producer!.seq)).toEqual([0, 0, 1, 1]);
  });

  it('publishes to streams in this process', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    const got: number[] = [];
    await of(...textBodies('a', 'b', 'c'))
      .pipe(publishTo(streams, 's'))
      .forEach(({ next }) => void got.push(next));
    expect(got).toEqual([1, 3]);
    expect(streams.info('s')).toMatchObject({ next: 3, status: 'completed' });
  });

  it.each([
    [{ capacity: 0 }, 'capacity must be'],
    [{ maxBatch: 0.5 }, 'maxBatch must be'],
  ])('refuses %j at call time', (options, message) => {
    expect(() => publishTo(new Target(), 's', options)).toThrow(message);
    expect(() => publishTo(new Target(), 'a//b')).toThrow('stream name');
  });

  describe('with a flow', () => {
    it('stops the source until appends are kept, where nobody knows of readers', async () => {
      const flow = createFlow();
      const { target, push } = stage({ flow, window: 2 });
      push('a', 'b');
      expect(flow.open).toBe(false);
      await target.keepAll();
      expect(flow.stats.held).toBe(0);
    });

    it('fails when the source goes on beyond window and tolerance', () => {
      const flow = createFlow();
      const { got, push } = stage({ flow, window: 1 });
      push('a', 'b', 'c');
      expect(got).toEqual(['failed backpressure-broken']);
      expect(flow.stats.lanes).toEqual([]);
    });

    it('refuses a wrong window', () => {
      expect(() => stage({ window: 0 })).toThrow('window must be a whole number of at least 1, got 0');
    });
  });
});
