import { StreamError } from '../chunk/index.js';
import { type ActorChunk, errorOf } from './actor-chunk.js';
import { assembled } from './streamed.js';

/** @internal What the chunks of a call come to. */
export class ActorResult<T, O> {
  /** None where it only says what it came to. */
  private pieces: T[] | undefined;
  private length = 0;

  /** @param maxLength - most UTF-16 units of text, other pieces counting one */
  constructor(private readonly maxLength: number) {}

  /** Takes the next chunk: answers the output behind the last one. @throws what the actor says that went wrong */
  take(chunk: ActorChunk<T, O>): { readonly output: O } | undefined {
    switch (chunk.type) {
      case 'start':
        // Whatever came before does not count.
        this.pieces = [];
        this.length = 0;
        return undefined;
      case 'data':
        this.add(chunk.value);
        return undefined;
      case 'complete':
        // Not by `??`: an output may be null.
        if ('output' in chunk) return { output: chunk.output as O };
        return { output: (this.pieces && assembled(this.pieces)) as O };
      case 'error':
        throw errorOf(chunk);
      default:
        return undefined;
    }
  }

  private add(piece: T): void {
    this.length += typeof piece === 'string' ? piece.length : 1;
    if (this.length > this.maxLength) {
      throw new StreamError('overflow', `the call put out more than maxLength = ${this.maxLength}`);
    }
    (this.pieces ??= []).push(piece);
  }
}
