import type { Subscriber } from 'rxjs';
import { type Chunk, isNotice, isSeq, kindOf, type Notice, StreamError } from '../src/chunk/index.js';
import { callbackError, Stage } from './operate.js';

/**
 * A stage that goes by its items' numbers: `item.seq`, or what the user's function says.
 *
 * @internal
 */
export abstract class NumberedStage<T, R = T> extends Stage<T, R> {
  constructor(
    destination: Subscriber<R>,
    private readonly operator: string,
    private readonly read: ((item: Exclude<T, Notice>) => number) | undefined,
  ) {
    super(destination);
  }

  /** An item's number, unchecked; `NaN` when the user's function threw and the stage has failed. */
  protected seqOf(item: T): number {
    if (this.read === undefined) return (item as Pick<Chunk, 'seq'>).seq;
    try {
      return this.read(item as Exclude<T, Notice>);
    } catch (error) {
      this.fail(callbackError(this.operator, error));
      return NaN;
    }
  }

  /** Whether a number is one. When not, the stage fails: call it off the fast path, where the number is not the expected. */
  protected accepts(seq: unknown): seq is number {
    if (isSeq(seq)) return true;
    const message = `${this.operator}: seq must be a whole number from 0 to 2^53 - 1, got ${kindOf(seq)}`;
    this.fail(new StreamError('chunk-invalid', message, { operator: this.operator, field: 'seq' }));
    return false;
  }
}

/**
 * The little that tells a chunk from a notice at a tenth of the cost of `isNotice`: a chunk has no `kind`. An item of the
 * user's own may have one, so `isNotice` has the last word.
 *
 * @internal
 */
export interface MaybeNotice {
  readonly kind?: unknown;
}

/**
 * The name of an item's stream, for messages and notices; empty when the item does not say.
 *
 * @internal
 */
export function streamOf(item: unknown): string {
  const { streamId } = item as { streamId?: unknown };
  return typeof streamId === 'string' ? streamId : '';
}

/**
 * The number an item itself has, if it has one. A notice's number is about chunks, and not its own.
 *
 * @internal
 */
export function ownSeq(item: unknown): number | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { seq, kind } = item as MaybeNotice & { readonly seq?: unknown };
  return isSeq(seq) && (kind === undefined || !isNotice(item)) ? seq : undefined;
}
