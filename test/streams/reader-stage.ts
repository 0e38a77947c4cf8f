import { VirtualTimeScheduler } from 'rxjs';
import type { StreamError } from '../../src/chunk/index.js';
import type { Log } from '../../src/log/log.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { followLog, pullLog, type ReaderOptions } from '../../src/streams/reader.js';
import { Readers } from '../../src/streams/readers.js';
import { createRollup } from '../../src/streams/rollup.js';
import type { StreamEvent } from '../../src/streams/index.js';
import { encodedTexts } from '../bodies.js';
import { LateLog } from '../gateway/late-log.js';

/** Lets promises have their turn. */
export async function turns() {
  for (let hops = 0; hops < 12; hops++) await undefined;
}

/** The logs a reader is tried on. */
export const kinds = ['log that answers at once', 'log that answers late'] as const;

/**
 * A log with one stream, readers of it, and time, in the test's hand.
 *
 * @param chance - of a late read: below a half it looks when it is answered, above when it was asked
 */
export function stage(kind: (typeof kinds)[number], chance = 0) {
  const late = kind === kinds[1] ? new LateLog(() => chance) : undefined;
  const kept = late?.inner ?? createMemoryLog();
  const log: Log = late ?? kept;
  const scheduler = new VirtualTimeScheduler();
  const events: StreamEvent[] = [];
  const keep = (...datas: string[]) => {
    kept.create('s');
    kept.append('s', encodedTexts(...datas));
  };
  const end = (status: 'completed' | 'failed' | 'cancelled' = 'completed') =>
    void kept.append('s', [], { close: { status } });
  /** Goes on until nothing is left to happen. */
  const settle = async () => {
    for (;;) {
      await turns();
      scheduler.flush();
      await turns();
      if (late?.answerOne() !== true && scheduler.actions.length === 0) return;
    }
  };
  const source = () => ({ log, readers: new Readers(), rollup: createRollup(log, { scheduler }) });
  const follow = (options: ReaderOptions = {}) => {
    const got: unknown[] = [];
    const chunks = followLog(source(), 's', options, (event) => void events.push(event), scheduler);
    const subscription = chunks.subscribe({
      next: ({ data }) => void got.push(data),
      error: (error: StreamError) => void got.push(`failed ${error.code}`),
      complete: () => void got.push('completed'),
    });
    return { got, subscription, chunks };
  };
  const pull = (options: ReaderOptions = {}) => pullLog(source(), 's', options, (event) => void events.push(event));
  /** What comes of a promise when everything has happened. */
  const outcome = async (promise: Promise<IteratorResult<{ data: unknown }, unknown>>) => {
    let came: unknown = 'nothing yet';
    promise.then(
      ({ done, value }) => (came = done === true ? 'done' : (value as { data: unknown }).data),
      (error: StreamError) => (came = `failed ${error.code}`),
    );
    await settle();
    return came;
  };
  return { log, kept, late, keep, end, settle, follow, pull, outcome, events, scheduler };
}
