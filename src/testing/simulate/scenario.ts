import type { Position } from '../../chunk/index.js';
import type { Close } from '../../log/log.js';
import type { Span } from '../../transport/faults.js';

/** @internal Everything a run does, drawn from its seed before it begins. Times are milliseconds since its beginning. */
export interface Scenario {
  readonly seed: number;
  /** From here on the links are whole and the server stays up. */
  readonly calmMs: number;
  readonly server: ServerPlan;
  readonly streams: readonly StreamPlan[];
  readonly clients: readonly ClientPlan[];
  readonly writers: readonly WriterPlan[];
  readonly readers: readonly ReaderPlan[];
}

/** @internal How much may wait: for its reader, or for its acknowledgement. */
export interface Window {
  readonly chunks: number;
  readonly bytes: number;
}

/** @internal */
export interface ServerPlan {
  readonly pingMs: number;
  readonly maxFrame: number;
  readonly window: Window;
  readonly restarts: readonly Restart[];
}

/** @internal The gateway goes and another comes, over the same log. */
export interface Restart {
  readonly atMs: number;
  readonly downMs: number;
  /** It says nothing when it goes: links break. */
  readonly abrupt: boolean;
  /** It says goodbye before it goes, and how long to wait: what is under way is answered. */
  readonly goodbyeMs: number | undefined;
}

/** @internal */
export interface StreamPlan {
  readonly name: string;
  /** When the log lets go of all but this many chunks. */
  readonly trims: readonly { readonly atMs: number; readonly keep: number }[];
  /** Somebody cancels it, again and again until it has ended. */
  readonly cancel: { readonly atMs: number; readonly client: number } | undefined;
}

/** @internal How likely the messages of one direction meet with what, and how long they take. */
export interface Rates {
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
  readonly reorderMs: Span;
  readonly delayMs: Span;
  readonly cut: number;
  readonly halfOpen: number;
}

/** @internal A program that reads and writes over a link of its own. */
export interface ClientPlan {
  readonly name: string;
  readonly toServer: Rates;
  readonly toClient: Rates;
  readonly highWaterMark: number;
  readonly pingMs: number;
  readonly retryMs: number;
  readonly gapMs: number;
  readonly connectMs: number;
  readonly backoff: { readonly minMs: number; readonly maxMs: number };
  /** What befalls its links at a time. */
  readonly mishaps: readonly Mishap[];
}

/** @internal A link breaks, a direction goes dead, or a receiver does not read for a while. */
export type Mishap =
  | { readonly kind: 'cut'; readonly atMs: number }
  | { readonly kind: 'swallow'; readonly atMs: number; readonly direction: 'toServer' | 'toClient' }
  | {
      readonly kind: 'stall';
      readonly atMs: number;
      readonly direction: 'toServer' | 'toClient';
      readonly forMs: number;
    };

/** @internal One call of `publish`. */
export interface Batch {
  readonly atMs: number;
  /** Bytes of each chunk. */
  readonly sizes: readonly number[];
}

/** @internal */
export interface WriterPlan {
  readonly name: string;
  readonly stream: number;
  readonly client: number;
  /** Its own name and number among the producer's lives; `undefined`: it writes as the client does by default. */
  readonly producer: { readonly id: string; readonly epoch: number } | undefined;
  readonly batches: readonly Batch[];
  /** How it ends the stream, and with which batch: what it writes behind that must be refused. */
  readonly close: (Close & { readonly batch: number }) | undefined;
}

/** @internal */
export interface ReaderPlan {
  readonly name: string;
  readonly stream: number;
  readonly client: number;
  readonly from: Position;
  readonly atMs: number;
  readonly window: Window;
  /** Time between two chunks, for one that pulls; `undefined`: it is pushed to. */
  readonly paceMs: Span | undefined;
  readonly onGap: 'error' | 'skip';
  /** Leaves after this many chunks; `undefined`: stays to the end. */
  readonly leaveAfter: number | undefined;
  /** Begins when this one, a reader of the same stream and client, has left, instead of at a time. */
  readonly follows: string | undefined;
}
