import type { LlmOrigin } from './event.js';
import type { Fields } from './fields.js';
import type { Transcript } from './transcript.js';
import type { Shorthand } from './wire.js';

/** @internal What an item was: one that says something, one that only shows life, one without a word for it, the last. */
export type Taken = 'known' | 'alive' | 'unknown' | 'last';

/**
 * How one provider says things: what it sends, item by item, is told to a transcript.
 *
 * @internal
 */
export interface Dialect {
  /** Takes an item: an event, a chunk, a line. Nothing is taken behind the last. */
  take(item: Fields): Taken;
  /**
   * Whether the provider has said that this was all, now that there are no more items.
   *
   * @param how - by what it ends: the mark `[DONE]`, the end of bytes, or the end of an SDK's stream, which hides the mark
   */
  complete(how: 'mark' | 'bytes' | 'items'): boolean;
}

/** @internal Makes a dialect for one answer. */
export interface DialectMaker {
  readonly format: LlmOrigin;
  /** Reads the items that come by the thousand without a parser of JSON, which takes half of all time. */
  readonly shorthand?: Shorthand;
  create(transcript: Transcript): Dialect;
}
