import { type Chunk, StreamError } from '../../chunk/index.js';
import { writePlace } from './chat-place.js';
import type { AnyUiChunk, UiMessageChunk } from './ui-chunk.js';
import { uiMessageDone, writeUiChunk } from './write-ui-chunk.js';

/**
 * A run as it is sent: every chunk with its place, and how the run has ended, where it does not say so itself.
 *
 * @internal
 */
export class RunEvents implements AsyncIterator<string, undefined> {
  private readonly last: string[] = [];
  private over = false;

  constructor(
    private readonly chunks: AsyncIterator<Chunk>,
    private readonly run: string,
    private readonly errorText: (error: StreamError) => string,
  ) {}

  async next(): Promise<IteratorResult<string, undefined>> {
    const event = this.over ? this.last.shift() : await this.event();
    return event === undefined ? { done: true, value: undefined } : { done: false, value: event };
  }

  /** At once, also while a chunk is waited for. */
  async return(): Promise<IteratorResult<string, undefined>> {
    await this.chunks.return?.();
    return { done: true, value: undefined };
  }

  private async event(): Promise<string | undefined> {
    try {
      const { done, value } = await this.chunks.next();
      if (done !== true) {
        const { seq, data } = value as Chunk;
        return writeUiChunk(data as unknown as AnyUiChunk, writePlace({ run: this.run, seq }));
      }
    } catch (error) {
      this.last.push(writeUiChunk(this.endOf(error)));
    }
    this.over = true;
    this.last.push(uiMessageDone);
    return this.last.shift();
  }

  /** @throws what is no end of the run: the reader may come back and go on */
  private endOf(error: unknown): UiMessageChunk {
    if (!(error instanceof StreamError)) throw error;
    switch (error.code) {
      case 'stream-cancelled':
        return { type: 'abort' };
      case 'stream-failed':
      case 'stream-not-found':
      case 'gap':
        return { type: 'error', errorText: this.errorText(error) };
      default:
        throw error;
    }
  }
}
