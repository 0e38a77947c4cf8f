// 5 000 streams of 20 chunks a second, each with one reader; the readers share ten connections.
export const streams = 5000;
export const connections = 10;
export const perSecond = 20;

const text = 'x'.repeat(200);

/** Name of a stream, by its number. */
export const nameOf = (stream) => `bench/${stream}`;

/** The connection that reads a stream. */
export const connectionOf = (stream) => stream % connections;

/** How long the rate takes to grow to its full height: nobody is asked for everything before his code is compiled. */
const rampMs = 1000;

/** Calls `emit` for every stream, as often and as evenly as it should be. Answers how to stop. */
export function pace(emit, clock) {
  const perMs = (streams * perSecond) / 1000;
  const begun = performance.now();
  let made = 0;
  const timer = setInterval(() => {
    const ms = performance.now() - begun;
    const due = perMs * (ms < rampMs ? (ms * ms) / (2 * rampMs) : ms - rampMs / 2);
    for (; made < due; made++) emit(made % streams, { seq: Math.floor(made / streams), at: clock(), text });
  }, 1);
  return () => {
    clearInterval(timer);
    return made;
  };
}
