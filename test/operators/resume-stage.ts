import { EMPTY, type Observable } from 'rxjs';
import { resume, type ResumeContext, type ResumeOptions } from '../../operators/index.js';
import { marbles } from '../../src/testing/index.js';
import { alphabet, type Item } from './alphabet.js';

/** What every source of these tests fails with. */
export const failed = new Error('the source failed');

/** Waits exactly as long as the bound says. */
export const exact = { minMs: 3, random: () => 1 };

/** Checks a picture of a source that is opened several times, and says what each was told. */
export function picture(
  options: ResumeOptions<Item>,
  shown: {
    sources: string[];
    subscriptions: string[];
    result: string;
    consumer?: string;
    values?: object;
    error?: unknown;
  },
): Omit<ResumeContext<number>, 'signal'>[] {
  const told: Omit<ResumeContext<number>, 'signal'>[] = [];
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const values = { ...alphabet, ...shown.values };
    const sources = shown.sources.map((source) => cold<Item>(source, values as never, failed));
    const connect = ({ cursor, attempt }: ResumeContext<number>) => sources[told.push({ cursor, attempt }) - 1]!;
    const output = resume(connect, { ...exact, ...options });
    expectObservable(output, shown.consumer).toBe(shown.result, values, shown.error ?? failed);
    for (const [n, subscription] of shown.subscriptions.entries()) {
      expectSubscriptions(sources[n]!.subscriptions).toBe(subscription);
    }
  });
  return told;
}

/** What connecting again and again gives, each error after no wait. */
export function outcome<T, C>(
  sources: readonly Observable<T>[],
  options: ResumeOptions<T, C> & Required<Pick<ResumeOptions<T, C>, 'cursor'>>,
): unknown[] {
  const seen: unknown[] = [];
  marbles(({ flush }) => {
    let next = 0;
    resume<T, C>(() => sources[next++] ?? EMPTY, { random: () => 0, ...options }).subscribe({
      next: (value) => seen.push(value),
      error: (error) => seen.push(error),
    });
    flush();
  });
  return seen;
}
