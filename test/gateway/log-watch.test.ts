import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { type LogWatchOptions, watchLog } from '../../src/gateway/index.js';

/** A watch over a log that answers as a test says. */
function stage(info: () => Promise<undefined> | undefined, options: Partial<LogWatchOptions> = {}) {
  const scheduler = new VirtualTimeScheduler(undefined, 0);
  const told: string[] = [];
  let asked = 0;
  const stop = watchLog({
    log: { info: () => (asked++, info()) },
    everyMs: 100,
    patienceMs: 50,
    scheduler,
    lost: (reason) => told.push(`lost ${reason}`),
    found: () => told.push('found'),
    ...options,
  });
  const pass = async (ms: number): Promise<void> => {
    scheduler.maxFrames += ms;
    scheduler.flush();
    scheduler.frame = scheduler.maxFrames;
    for (let hops = 0; hops < 8; hops++) await undefined;
  };
  return { told, pass, stop, asked: () => asked };
}

const away = (): never => {
  throw new StreamError('log-unavailable', 'Redis cannot be reached');
};

describe('watchLog', () => {
  it('asks again and again, and says nothing while there are answers', async () => {
    const { told, pass, asked } = stage(() => undefined);
    await pass(350);
    expect([told, asked()]).toEqual([[], 3]);
  });

  it('tells once that the log is out of reach, and once that it is back', async () => {
    let answer: () => undefined = away;
    const { told, pass } = stage(() => answer());
    await pass(300);
    answer = () => undefined;
    await pass(300);
    expect(told).toEqual(['lost Redis cannot be reached', 'found']);
  });

  it('does not wait for ever for an answer, and takes a late one', async () => {
    let answer!: (value: undefined) => void;
    const { told, pass, asked } = stage(() => new Promise((resolve) => (answer = resolve)));
    await pass(1000);
    expect([told, asked()]).toEqual([['lost the log has not answered for 50 ms'], 1]);
    answer(undefined);
    await pass(0);
    await pass(100);
    expect([told[1], asked()]).toEqual(['found', 2]);
  });

  it('takes any other refusal for an answer', async () => {
    const { told, pass } = stage(() => {
      throw new Error('what?');
    });
    await pass(300);
    expect(told).toEqual([]);
  });

  it('is quiet once it is stopped, also about an answer that is on its way', async () => {
    let refuse!: (error: Error) => void;
    const { told, pass, stop, asked } = stage(() => new Promise((_, reject) => (refuse = reject)));
    await pass(120);
    stop();
    refuse(new StreamError('log-unavailable', 'gone'));
    await pass(1000);
    expect([told, asked()]).toEqual([[], 1]);
  });

  it('asks every second, and waits for five, unless told otherwise', async () => {
    const scheduler = new VirtualTimeScheduler(undefined, 0);
    const told: string[] = [];
    const log = { info: () => new Promise<undefined>(() => {}) };
    const stop = watchLog({ log, scheduler, lost: (reason) => told.push(reason), found: () => {} });
    scheduler.maxFrames = 5999;
    scheduler.flush();
    expect(told).toEqual([]);
    scheduler.maxFrames = 6000;
    scheduler.flush();
    expect(told).toEqual(['the log has not answered for 5000 ms']);
    stop();
  });

  it.each(['everyMs', 'patienceMs'] as const)('refuses %s that is none', (name) => {
    expect(() => stage(() => undefined, { [name]: 0 })).toThrow(name);
  });
});
