import { describe, expect, it } from 'vitest';
import type { ProbeEvent } from '../../../src/probe/index.js';
import { HttpError } from '../../../src/transport/http/failure.js';
import { type HttpRetryOptions, type Retries, createRetries, retryRules } from '../../../src/transport/http/retries.js';
import { VirtualTime } from '../../virtual-time.js';

const broken = new HttpError('connection-lost', 'broken');

/** Retries in virtual time, and what a probe hears of them. */
function stage(options: HttpRetryOptions = {}): {
  time: VirtualTime;
  retries: Retries;
  abort: AbortController;
  heard: ProbeEvent[];
} {
  const time = new VirtualTime();
  const heard: ProbeEvent[] = [];
  const abort = new AbortController();
  const retry = retryRules({ random: () => 0.5, ...options });
  const pace = { retry, scheduler: time, probe: (event: ProbeEvent) => void heard.push(event) };
  return { time, retries: createRetries(pace, abort.signal, 'readHttp'), abort, heard };
}

describe('createRetries', () => {
  it('waits longer from failure to failure, at random up to a bound that grows', async () => {
    const { time, retries, heard } = stage({ initialDelayMs: 100, maxDelayMs: 500, multiplier: 3 });
    for (let i = 0; i < 4; i++) await time.until(retries.failed(broken));
    expect(heard).toMatchObject([
      { type: 'retry', attempt: 1, delayMs: 50, operator: 'readHttp' },
      { attempt: 2, delayMs: 150 },
      { attempt: 3, delayMs: 250 },
      { attempt: 4, delayMs: 250 },
    ]);
    expect(time.now()).toBeGreaterThanOrEqual(700);
  });

  it('begins anew after a success, or what lasted longer than the wait it would cost', async () => {
    const { time, retries, heard } = stage({ initialDelayMs: 100 });
    await time.until(retries.failed(broken));
    retries.succeeded();
    await time.until(retries.failed(broken));
    await time.until(retries.failed(broken, 199));
    await time.until(retries.failed(broken, 400));
    expect(heard.map((event) => event.type === 'retry' && event.attempt)).toEqual([1, 1, 2, 1]);
  });

  it('waits at least as long as the server asks for, and not as long as everybody else', async () => {
    const { time, retries, heard } = stage({ initialDelayMs: 100, maxDelayMs: 100 });
    await time.until(retries.failed(new HttpError('limit-reached', 'slow down', { status: 429, retryAfterMs: 3000 })));
    expect(heard).toMatchObject([{ delayMs: 3050 }]);
  });

  it('never waits longer than a timer can', async () => {
    const { time, retries, heard, abort } = stage();
    const waiting = retries.failed(new HttpError('limit-reached', '', { status: 429, retryAfterMs: 1e12 }));
    await time.pass(1);
    expect(heard).toMatchObject([{ delayMs: 2 ** 31 - 1 }]);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it('gives up when the retries are used up', async () => {
    const { time, retries } = stage({ maxRetries: 2, initialDelayMs: 1 });
    await time.until(retries.failed(broken));
    await time.until(retries.failed(broken));
    await expect(retries.failed(broken)).rejects.toBe(broken);
  });

  it('gives up at once on what trying again does not mend', async () => {
    const { retries } = stage();
    const refused = new HttpError('stream-not-found', '', { status: 404 });
    await expect(retries.failed(refused)).rejects.toBe(refused);
    const defect = new TypeError('defect');
    await expect(retries.failed(defect)).rejects.toBe(defect);
  });

  it('asks retryOn, and calls its failure by its name', async () => {
    const refused = new HttpError('connection-refused', '', { status: 401 });
    const willing = stage({ retryOn: ({ status }) => status === 401 });
    await willing.time.until(willing.retries.failed(refused));
    await expect(willing.retries.failed(broken)).rejects.toBe(broken);
    const failing = stage({
      retryOn: () => {
        throw new Error('oops');
      },
    });
    await expect(failing.retries.failed(refused)).rejects.toMatchObject({ code: 'callback-failed', message: /oops/ });
  });

  it('waits longer and longer for what comes at once and brings nothing, and never gives up', async () => {
    const { time, retries } = stage({ maxRetries: 0, initialDelayMs: 100, maxDelayMs: 400 });
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      const since = time.now();
      await time.until(retries.idle());
      waits.push(time.now() - since);
    }
    expect(waits).toEqual([50, 100, 200, 200]);
    retries.succeeded();
    const since = time.now();
    await time.until(retries.idle());
    expect(time.now() - since).toBe(50);
  });

  it('stops waiting at once when nobody wants it any more', async () => {
    const { time, retries, abort } = stage();
    const waiting = retries.failed(broken);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(retries.idle()).rejects.toThrow('enough');
    await time.pass(1000);
  });
});

describe('retryRules', () => {
  it.each<[object, string]>([
    [{ maxRetries: -1 }, 'retry.maxRetries must be a whole number of at least 0 or Infinity, got -1'],
    [{ initialDelayMs: 0 }, 'retry.initialDelayMs must be a whole number of at least 1, got 0'],
    [{ initialDelayMs: 1000, maxDelayMs: 500 }, 'retry.maxDelayMs must be a whole number of at least 1000'],
    [{ multiplier: 0.5 }, 'retry.multiplier must be a number of at least 1, got 0.5'],
    [{ random: 5 }, 'retry.random must be a function, got a number'],
    [{ retryOn: true }, 'retry.retryOn must be a function, got a boolean'],
  ])('refuses %o', (options, message) => {
    expect(() => retryRules(options)).toThrow(message);
  });
});
