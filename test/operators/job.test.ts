import { NEVER, Observable, of, Subscriber } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Job, type JobOwner } from '../../operators/job.js';
import { streamError } from './alphabet.js';

/** A job and what becomes of it. */
function createJob() {
  const heard: unknown[] = [];
  const owner: JobOwner = { done: () => heard.push('done'), failed: (error) => heard.push(error) };
  const destination = new Subscriber<number>({ next: (value) => heard.push(value), error() {}, complete() {} });
  return { job: new Job<number>(destination, owner), destination, heard };
}

describe('a job', () => {
  it('hands its results on, and tells its owner when it is done', () => {
    const { job, heard, destination } = createJob();
    job.start('map', (n: number) => of(n, n + 1), 1);
    expect(heard).toEqual([1, 2, 'done']);
    expect(destination.closed).toBe(false);
  });

  it('tells its owner when it has failed', () => {
    const { job, heard } = createJob();
    const error = new Error('no');
    job.start('map', () => new Observable<number>((subscriber) => subscriber.error(error)), 1);
    expect(heard).toEqual([error]);
  });

  it('does not begin with what is no work', () => {
    const start = (given: unknown) => () => createJob().job.start('map', () => given as number[], 1);
    expect(start('text')).toThrow(streamError('callback-failed', 'map: ', 'got a string') as Error);
    expect(start(undefined)).toThrow(streamError('callback-failed', 'map: ') as Error);
  });

  it('is told when it is given up, but not when it has ended by itself', () => {
    const signals: AbortSignal[] = [];
    for (const results of [of(1), NEVER]) {
      const { job, destination } = createJob();
      job.start('map', (_: number, { signal }) => (signals.push(signal), results), 1);
      destination.unsubscribe();
    }
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
  });

  it('is not subscribed when its work has given it up', () => {
    const { job, destination, heard } = createJob();
    job.start('map', () => (destination.unsubscribe(), of(1)), 1);
    expect(heard).toEqual([]);
  });
});
