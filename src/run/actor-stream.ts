import { Observable, type Subscriber } from 'rxjs';
import { checkBound, StreamError } from '../chunk/index.js';
import type { Flow } from '../flow/index.js';
import { toAsyncIterable } from '../source/iterable.js';
import type { ActorChunk } from './actor-chunk.js';
import { ActorResult } from './actor-result.js';

/** Options of {@link ActorStream.output}. */
export interface ActorOutputOptions<T, O> {
  /** Most UTF-16 units of text that are kept until the end, other pieces counting one; more is an `overflow`. Default 16 Mi. */
  readonly maxLength?: number;
  /** Told of every chunk on the way. */
  readonly heard?: (chunk: ActorChunk<T, O>) => void;
}

/**
 * What a call of an actor streams, to subscribe to or to loop over: any number of chunks and, as the last one, exactly one
 * `complete` or `error`. It does not fail: how the call ended stands in that chunk. The call begins when it is taken.
 *
 * @example
 * for await (const chunk of writer.stream('What is a sluice?')) if (chunk.type === 'data') show(chunk.value);
 */
export class ActorStream<T, O> extends Observable<ActorChunk<T, O>> implements AsyncIterable<ActorChunk<T, O>> {
  /** @internal @param flow - stops the actor */
  constructor(
    source: (destination: Subscriber<ActorChunk<T, O>>) => void,
    private readonly flow: Flow,
  ) {
    super(source);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ActorChunk<T, O>> {
    return toAsyncIterable<ActorChunk<T, O>>(this, { capacity: 64, flow: this.flow });
  }

  /**
   * What the call came to: its output or, where it says none, its data, texts joined and all else as a list.
   *
   * @throws {@link StreamError} with what the actor says of its error, `stream-failed` where that has no code of ours
   */
  async output(options: ActorOutputOptions<T, O> = {}): Promise<O> {
    const { heard } = options;
    const result = new ActorResult<T, O>(checkBound('maxLength', options.maxLength ?? 2 ** 24, { infinite: true }));
    for await (const chunk of this) {
      heard?.(chunk);
      const end = result.take(chunk);
      if (end !== undefined) return end.output;
    }
    throw new StreamError('internal', 'the call has ended without saying how');
  }
}
