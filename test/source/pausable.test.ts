import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { drainTo } from '../../operators/index.js';
import { createFlow } from '../../src/flow/index.js';
import { fromPausable, type FromPausableOptions, type PausableSink } from '../../src/source/pausable.js';
import { streamError } from '../operators/alphabet.js';

/** A source in the test's hand, a lane to fill, and what came out. */
function stage(options: Omit<FromPausableOptions<number>, 'flow'> = {}) {
  const flow = createFlow();
  const lane = flow.lane({ name: 'stage', window: 1 });
  const calls: string[] = [];
  const got: unknown[] = [];
  let sink!: PausableSink<number>;
  const source = fromPausable<number>(
    (made) => {
      sink = made;
      return {
        pause: () => void calls.push('pause'),
        resume: () => void calls.push('resume'),
        stop: () => void calls.push('stop'),
      };
    },
    { flow, ...options },
  );
  const subscription = source.subscribe({
    next: (item) => void got.push(item),
    error: (error: unknown) => void got.push(error),
    complete: () => void got.push('completed'),
  });
  return { flow, lane, calls, got, sink, subscription };
}

describe('fromPausable', () => {
  it('pauses the source when the flow shuts, and resumes it when it opens', () => {
    const { lane, calls, got, sink } = stage();
    sink.next(1);
    lane.hold();
    sink.next(2);
    expect([calls, got]).toEqual([['pause'], [1]]);
    lane.release();
    expect([calls, got]).toEqual([
      ['pause', 'resume'],
      [1, 2],
    ]);
    sink.next(3);
    expect(got).toEqual([1, 2, 3]);
  });

  it('keeps what still comes, in order, and lets out no more than the flow takes', () => {
    const { lane, calls, got, sink } = stage();
    lane.hold();
    for (const item of [1, 2, 3]) sink.next(item);
    expect([calls, got]).toEqual([['pause'], []]);
    lane.release();
    expect([calls, got]).toEqual([
      ['pause', 'resume'],
      [1, 2, 3],
    ]);
  });

  it('stays paused while what it kept fills the flow again', () => {
    const flow = createFlow();
    const calls: string[] = [];
    let sink!: PausableSink<number>;
    const written: number[] = [];
    let taken = (): void => {};
    const write = (item: number) => {
      written.push(item);
      return new Promise<void>((resolve) => (taken = resolve));
    };
    fromPausable<number>(
      (made) => {
        sink = made;
        return { pause: () => calls.push('pause'), resume: () => calls.push('resume'), stop: () => {} };
      },
      { flow },
    )
      .pipe(drainTo(write, { flow, window: 1 }))
      .subscribe();
    for (const item of [1, 2, 3]) sink.next(item);
    expect([written, calls]).toEqual([[1], ['pause']]);
    taken();
    return new Promise<void>((resolve) => {
      setImmediate(() => {
        expect([written, calls]).toEqual([[1, 2], ['pause']]);
        resolve();
      });
    });
  });

  it('goes on with what it kept each time the flow opens, though that shuts it again', async () => {
    const flow = createFlow();
    const calls: string[] = [];
    const written: number[] = [];
    let sink!: PausableSink<number>;
    const all = new Promise<void>((complete) => {
      fromPausable<number>(
        (made) => {
          sink = made;
          return {
            pause: () => calls.push('pause'),
            resume: () => calls.push('resume'),
            stop: () => calls.push('stop'),
          };
        },
        { flow },
      )
        .pipe(drainTo(async (item) => void written.push(item), { flow, window: 1 }))
        .subscribe({ complete });
    });
    for (const item of [1, 2, 3, 4]) sink.next(item);
    sink.complete();
    await all;
    expect([written, calls]).toEqual([
      [1, 2, 3, 4],
      ['pause', 'stop'],
    ]);
  });

  it('fails when the source goes on beyond its slack, counted in what items cost', () => {
    const { lane, got, calls, sink } = stage({ slack: 10, cost: (item) => item });
    lane.hold();
    sink.next(4);
    sink.next(6);
    expect(got).toEqual([]);
    sink.next(1);
    expect(got).toEqual([streamError('overflow', 'pushed 11', 'slack of 10')]);
    expect(calls).toEqual(['pause', 'stop']);
  });

  it.each([
    ['completes', (sink: PausableSink<number>) => sink.complete(), 'completed'],
    ['fails', (sink: PausableSink<number>) => sink.error('broken'), 'broken'],
  ])('%s behind everything that came before', (_, finish, last) => {
    const { lane, calls, got, sink } = stage();
    lane.hold();
    sink.next(1);
    finish(sink);
    sink.next(2);
    expect(got).toEqual([]);
    lane.release();
    expect(got).toEqual([1, last]);
    expect(calls.at(-1)).toBe('stop');
  });

  it('stops the source when unsubscribed, and is called back no more', () => {
    const { lane, calls, got, sink, subscription } = stage();
    lane.hold();
    sink.next(1);
    subscription.unsubscribe();
    lane.release();
    sink.next(2);
    sink.complete();
    expect([calls, got]).toEqual([['pause', 'stop'], []]);
  });

  it('serves a source that pushes while it is begun', () => {
    const flow = createFlow();
    const calls: string[] = [];
    const eager = fromPausable<number>(
      ({ next, complete }) => {
        for (const item of [1, 2, 3]) next(item);
        complete();
        return { pause: () => calls.push('pause'), resume: () => calls.push('resume'), stop: () => calls.push('stop') };
      },
      { flow },
    );
    const got: number[] = [];
    eager.pipe(take(2)).subscribe((item) => got.push(item));
    expect([got, calls]).toEqual([[1, 2], ['stop']]);
    const lane = flow.lane({ name: 'stage', window: 1 });
    lane.hold();
    eager.subscribe((item) => got.push(item));
    expect([got, calls]).toEqual([
      [1, 2],
      ['stop', 'pause'],
    ]);
    lane.release();
    expect(got).toEqual([1, 2, 1, 2, 3]);
  });

  it.each(['start', 'pause', 'resume', 'cost'])('fails when %s throws', (name) => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 1 });
    const errors: unknown[] = [];
    const boom = (at: string) => () => {
      if (at === name) throw new Error('boom');
      return 1;
    };
    let sink: PausableSink<number> | undefined;
    fromPausable<number>(
      (made) => {
        sink = made;
        boom('start')();
        return { pause: boom('pause'), resume: boom('resume'), stop: () => {} };
      },
      { flow, cost: boom('cost') },
    ).subscribe({ error: (error: unknown) => errors.push(error) });
    lane.hold();
    sink!.next(1);
    lane.release();
    expect(errors).toEqual([streamError('callback-failed', 'fromPausable', 'boom')]);
  });

  it('holds a real socket whose bytes nobody takes, and loses none of them', async () => {
    const size = 8 << 20;
    const server = createServer((socket) => void socket.end(Buffer.alloc(size, 7))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const flow = createFlow();
    let waiting: (() => void)[] = [];
    let bytes = 0;
    const write = (data: Buffer) => {
      bytes += data.length;
      return new Promise<void>((resolve) => waiting.push(resolve));
    };
    const all = new Promise<void>((complete, error) => {
      fromPausable<Buffer>(
        (sink) => {
          socket.on('data', sink.next).on('end', sink.complete).on('error', sink.error);
          return {
            pause: () => void socket.pause(),
            resume: () => void socket.resume(),
            stop: () => void socket.destroy(),
          };
        },
        { flow, slack: 1 << 18, cost: (data) => data.length },
      )
        .pipe(drainTo(write, { flow, window: 1 << 18, cost: (data) => data.length }))
        .subscribe({ complete, error });
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(bytes).toBeLessThanOrEqual((1 << 18) + (1 << 17));
    const taking = setInterval(() => {
      for (const taken of waiting.splice(0)) taken();
    });
    await all;
    clearInterval(taking);
    waiting = [];
    expect(bytes).toBe(size);
    server.close();
  });

  it('refuses a wrong slack', () => {
    expect(() => stage({ slack: 0 })).toThrow(
      new RangeError('slack must be a whole number of at least 1 or Infinity, got 0'),
    );
  });

  it('keeps order when its consumer has the source push', () => {
    let sink!: PausableSink<number>;
    const got: number[] = [];
    fromPausable<number>(
      (made) => {
        sink = made;
        return { pause: () => {}, resume: () => {}, stop: () => {} };
      },
      { flow: createFlow() },
    ).subscribe((item) => {
      if (item < 3) sink.next(item + 1);
      got.push(item);
    });
    sink.next(1);
    expect(got).toEqual([1, 2, 3]);
  });
});
