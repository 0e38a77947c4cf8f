import type { GapReason } from '../chunk/index.js';

/**
 * What operators and machines may report, apart from the chunks themselves: one discriminated union, so that metrics,
 * logs and the monitor read the same words.
 *
 * Counts are whole numbers of chunks; `from` and `to` are a half-open range of chunk numbers; times are milliseconds.
 */
export type ProbeEvent =
  /** A chunk that was already emitted, or is held, came again and was dropped. */
  | { readonly type: 'duplicate'; readonly seq: number | undefined; readonly operator: string }
  /** A chunk came after its place had been given up. */
  | { readonly type: 'late'; readonly seq: number; readonly operator: string }
  /** Missing chunks were noticed. */
  | { readonly type: 'hole'; readonly from: number; readonly to: number; readonly operator: string }
  /** Missing chunks were asked for again. */
  | {
      readonly type: 'nack';
      readonly from: number;
      readonly to: number;
      readonly attempt: number;
      readonly operator: string;
    }
  /** A request for missing chunks has failed. */
  | { readonly type: 'unanswered'; readonly error: unknown; readonly operator: string }
  /** A hole was filled. */
  | { readonly type: 'repaired'; readonly seq: number; readonly operator: string }
  /** Missing chunks were given up. */
  | {
      readonly type: 'gap';
      readonly from: number;
      readonly to: number;
      readonly reason: GapReason;
      readonly operator: string;
    }
  /** A bounded stage let an item go. */
  | { readonly type: 'dropped'; readonly value: unknown; readonly operator: string }
  /** A chunk did not match its checksum. */
  | { readonly type: 'corrupt'; readonly seq: number; readonly operator: string }
  /** An item did not fit its schema: which one, counted from 0, and the first thing wrong with it. */
  | {
      readonly type: 'invalid';
      readonly index: number;
      readonly field: string | undefined;
      readonly message: string;
      readonly operator: string;
    }
  /** A running measure of a stream. */
  | {
      readonly type: 'measure';
      readonly chunks: number;
      readonly bytes: number;
      readonly chunksPerSecond: number;
      readonly bytesPerSecond: number;
      readonly latencyMs: number | undefined;
      readonly done: boolean;
      readonly operator: string;
    }
  /** How far a stream has come. `perSecond` and `leftMs` are about bytes or items, as `total` is. */
  | {
      readonly type: 'progress';
      readonly items: number;
      readonly bytes: number;
      readonly total: number | undefined;
      readonly perSecond: number;
      readonly leftMs: number | undefined;
      readonly done: boolean;
      /** How it ended, once it is done. */
      readonly reason: 'complete' | 'error' | 'unsubscribe' | undefined;
      readonly operator: string;
    }
  /** A source was lost, and is opened again in `delayMs`. */
  | { readonly type: 'retry'; readonly attempt: number; readonly delayMs: number; readonly operator: string };

/** Takes reports. A probe that throws harms nothing: the error is reported as unhandled, the stream goes on. */
export type Probe = (event: ProbeEvent) => void;
