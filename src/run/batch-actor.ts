import { checkBound } from '../chunk/index.js';
import { type Actor, actor, type ActorContext } from './actor.js';
import { type ActorChunk, errorChunk } from './actor-chunk.js';
import { merged } from './merged.js';

/** Options of {@link batchActor}. */
export interface BatchActorOptions {
  /** Items that are worked on at the same time. Default 4. */
  readonly concurrency?: number;
  /** When an item fails: so does the batch; or the item's output is `null` and the others go on. Default `fail`. */
  readonly onFailure?: 'fail' | 'continue';
}

/** What a batch says of an item when it is done. */
export type BatchItem<O> =
  | { readonly index: number; readonly output: O }
  | { readonly index: number; readonly error: { readonly message: string; readonly code?: string } };

/**
 * Makes an actor for lists of one for items: some are worked on at the same time. It says `processed N of M` after each, and
 * what the item came to; its output are those of the items, in their order.
 *
 * @example
 * const summaries = batchActor('summaries', summariser, { concurrency: 8, onFailure: 'continue' });
 * await summaries.execute(pages);
 */
export function batchActor<I, O>(
  name: string,
  each: Actor<I, unknown, O>,
  options: BatchActorOptions = {},
): Actor<readonly I[], BatchItem<O>, readonly (O | null)[]> {
  const concurrency = checkBound('concurrency', options.concurrency ?? 4);
  const { onFailure = 'fail' } = options;
  if (onFailure !== 'fail' && onFailure !== 'continue') throw new TypeError('onFailure must be "fail" or "continue"');

  async function* stream(
    items: readonly I[],
    { id, attempt, signal }: ActorContext,
  ): AsyncGenerator<ActorChunk<BatchItem<O>, readonly (O | null)[]>> {
    if (!Array.isArray(items)) throw new TypeError(`batch "${name}" must be given a list`);
    const total = items.length;
    const leaving = new AbortController();
    const both = AbortSignal.any([signal, leaving.signal]);
    const outputs = new Array<O | null>(total).fill(null);
    let next = 0;
    let done = 0;
    const process = async (index: number): Promise<BatchItem<O>> => {
      try {
        const output = await each.execute(items[index]!, { id: `${id}.${attempt}.${index}`, signal: both });
        outputs[index] = output ?? null;
        return { index, output: outputs[index] as O };
      } catch (error) {
        if (onFailure === 'fail') throw error;
        const { message, code } = errorChunk(error);
        return { index, error: code === undefined ? { message } : { message, code } };
      }
    };
    async function* line(): AsyncGenerator<ActorChunk<BatchItem<O>, never>, void> {
      while (next < total && !both.aborted) {
        const value = await process(next++);
        done++;
        yield { type: 'data', value };
        yield { type: 'progress', current: done, total, message: `processed ${done} of ${total}` };
      }
    }
    yield { type: 'progress', current: 0, total, message: `processed 0 of ${total}` };
    try {
      yield* merged(Array.from({ length: Math.min(concurrency, total) }, line));
    } finally {
      leaving.abort();
    }
    yield { type: 'complete', output: outputs };
  }
  return actor(name, { stream });
}
