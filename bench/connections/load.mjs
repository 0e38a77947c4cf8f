// Connections with a stream each, of one chunk a second.
import { pace } from '../logs-redis/pace.mjs';

const text = 'x'.repeat(200);

/** Name of a stream, by its number. */
export const nameOf = (stream) => `bench/${stream}`;

/** Calls `emit` for every stream in turn with a chunk, evenly over the second. Answers how to stop. */
export function everySecond(streams, emit, clock) {
  let made = 0;
  return pace(streams, 1, (stream) => emit(stream, { seq: Math.floor(made++ / streams), at: clock(), text }));
}

/** Does something for every stream of a part, a few at a time: ten thousand handshakes at once would only wait. */
export async function each(part, work) {
  const left = part.values();
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      for (const stream of left) await work(stream);
    }),
  );
}
