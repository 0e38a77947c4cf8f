import { StreamError } from './errors.js';

/**
 * Chunks `from` up to, not including, `to` will not come. Travels in the stream at the place of the missing chunks, so
 * that a consumer can show the hole or stop.
 */
export class Gap {
  readonly kind = 'gap';

  constructor(
    readonly streamId: string,
    readonly from: number,
    readonly to: number,
    /** `trimmed`: no longer kept; `dropped`: a lossy stage let them go; `timeout`: they did not come in time. */
    readonly reason: GapReason,
  ) {}
}

/** Why chunks are missing. */
export type GapReason = 'trimmed' | 'dropped' | 'timeout';

/** How a stream ended. */
export type EndStatus = 'completed' | 'failed' | 'cancelled';

/** The stream has ended: there is no chunk `seq` or later. Travels in order, behind the last chunk. */
export class End {
  readonly kind = 'end';

  constructor(
    readonly streamId: string,
    readonly seq: number,
    readonly status: EndStatus,
    /** Why, unless it completed. */
    readonly error?: StreamError,
  ) {}
}

/** Every chunk below `seq` has been sent. Lets a reader notice that the newest ones were lost. */
export class Mark {
  readonly kind = 'mark';

  constructor(
    readonly streamId: string,
    readonly seq: number,
  ) {}
}

/** What may travel among the chunks of a stream. */
export type Notice = Gap | End | Mark;

/** Whether an item is a notice rather than a chunk. */
export function isNotice(item: unknown): item is Notice {
  return item instanceof Gap || item instanceof End || item instanceof Mark;
}

/** The error an ended stream gives its readers, or `undefined` when it completed. */
export function endError(streamId: string, status: EndStatus, reason?: string): StreamError | undefined {
  if (status === 'completed') return undefined;
  const happened = status === 'failed' ? 'failed' : 'was cancelled';
  const why = reason === undefined ? '' : `: ${reason}`;
  return new StreamError(`stream-${status}`, `the stream "${streamId}" ${happened}${why}`, { streamId });
}
