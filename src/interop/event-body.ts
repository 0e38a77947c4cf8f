import type { SchedulerLike } from 'rxjs';
import { writeComment } from '../format/event-stream.js';

/** @internal How the body of an event stream is written. */
export interface EventBodyOptions {
  /** After how long a silence a comment is written. `Infinity` for never. */
  readonly heartbeatMs: number;
  readonly scheduler: SchedulerLike;
}

const encoder = new TextEncoder();
const beat = encoder.encode(writeComment(''));

/**
 * A body of server-sent events, each handed in as it is written. A comment goes out at once, to show that it has begun, and
 * whenever nothing came for long, never within an event. Nothing is taken before the reader wants it; a reader that leaves lets
 * the events go.
 *
 * @internal
 */
export function eventBody(
  events: AsyncIterator<string>,
  { heartbeatMs, scheduler }: EventBodyOptions,
): ReadableStream<Uint8Array> {
  let begun = false;
  let pending: Promise<IteratorResult<string>> | undefined;
  /** Nothing, when the heart beats first. */
  const next = async (): Promise<IteratorResult<string> | undefined> => {
    pending ??= events.next();
    if (heartbeatMs === Infinity) return await pending;
    let beats = (): void => {};
    const silence = new Promise<undefined>((resolve) => {
      beats = () => resolve(undefined);
    });
    const timer = scheduler.schedule(() => beats(), heartbeatMs);
    try {
      return await Promise.race([pending, silence]);
    } finally {
      timer.unsubscribe();
    }
  };
  return new ReadableStream(
    {
      pull: async (controller) => {
        const result = begun ? await next() : undefined;
        begun = true;
        if (result === undefined) return controller.enqueue(beat);
        pending = undefined;
        if (result.done === true) controller.close();
        else controller.enqueue(encoder.encode(result.value));
      },
      cancel: async () => void (await events.return?.()),
    },
    { highWaterMark: 0 },
  );
}
