import type { JsonObject } from './data.js';
import type { EndStatus } from './notice.js';

/** Where a stream stands in its life. */
export type StreamStatus = 'active' | EndStatus;

/** What is known of one stream. */
export interface StreamInfo {
  /** The stream's name. */
  readonly streamId: string;
  /** Which of all streams that ever had this name it is: one that was removed and made anew has another life. */
  readonly life: string;
  /** Which run or conversation it belongs to. */
  readonly session?: string;
  /** Who produces it. */
  readonly source?: string;
  /** Whom it is for. */
  readonly target?: string;
  /** Media type of the assembled stream, such as `text/plain`. */
  readonly contentType?: string;
  /** What else it was created with. */
  readonly metadata?: JsonObject;
  readonly status: StreamStatus;
  /** Why, when it failed or was cancelled. */
  readonly reason?: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** When the newest chunk was appended; absent while there is none. */
  readonly lastChunkAt?: number;
  /** When it ended. */
  readonly endedAt?: number;
  /** Number of the oldest chunk still kept. */
  readonly first: number;
  /** Number the next chunk will get: all chunks ever appended. */
  readonly next: number;
  /** How many chunks there will be, and bytes, counts that a producer announced, and what is missing of them. */
  readonly chunks: Tally;
  readonly bytes: Tally;
}

/** Announced, arrived and outstanding amounts; `expected` and `missing` are absent where nothing was announced. */
export interface Tally {
  readonly expected?: number;
  readonly received: number;
  readonly missing?: number;
}
