import type { GapCounts } from '../gateway/index.js';

/** @internal How a run stands, as its last event says it. `lost`: its process died, and nobody has taken it up. */
export type RunState = 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled' | 'lost';

/** @internal A stream as the list of the page shows it. */
export interface StreamRow {
  readonly id: string;
  readonly status: 'active' | 'completed' | 'failed' | 'cancelled';
  /** Why it ended so; of a run, what it waits for or why it failed. */
  readonly reason?: string;
  readonly source?: string;
  /** Of the stream of a run's events. */
  readonly run?: RunState;
  /** Number of the oldest chunk that is kept, and of the next one. */
  readonly first: number;
  readonly next: number;
  readonly bytes: number;
  readonly createdAt: number;
  readonly lastChunkAt?: number;
  readonly endedAt?: number;
}

/** @internal Somebody who reads a stream. */
export interface ReaderRow {
  readonly session: string;
  readonly stream: string;
  readonly transport: string;
  readonly address?: string;
  /** Who it is, where that is known. */
  readonly who?: string;
  /** Number of the next chunk for it, and how many more it may be sent. */
  readonly next: number;
  readonly credit: number;
  /** How many chunks it is behind the newest. */
  readonly lag: number;
  readonly gaps: GapCounts;
}

/** @internal Counts and measures since the server began; the page makes rates of them. */
export interface Figures {
  readonly sent: number;
  readonly bytes: number;
  /** Chunks that readers were told they will not have, and those they were sent again. */
  readonly lost: number;
  readonly resent: number;
  readonly refused: number;
  readonly connections: number;
  readonly rss: number;
  readonly heapUsed: number;
  /** From an append to its chunks being kept, in milliseconds: in the time since the last look. */
  readonly keptMs: { readonly p50: number; readonly p99: number };
}

/** @internal What the server answers: what has changed since a cursor. */
export interface MonitorState {
  readonly format: number;
  readonly version: string;
  /** Which life of the server this is: in another one cursors count anew. */
  readonly life: string;
  readonly cursor: number;
  readonly now: number;
  /** Whether this is all there is, not only what has changed: what is not in it is there no more. */
  readonly isWhole: boolean;
  readonly streams: readonly StreamRow[];
  readonly removed: readonly string[];
  readonly total: number;
  readonly figures: Figures;
  /** Of the stream that was asked about; else those of all streams that are behind or have lost something. How many more there are. */
  readonly readers: readonly ReaderRow[];
  readonly moreReaders: number;
}
