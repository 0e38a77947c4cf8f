/** How long the rate takes to grow to its full height: nobody is asked for everything before his code is compiled. */
const rampMs = 1000;

/** Calls `emit` for every stream in turn, as often and as evenly as it should be. Answers how to stop. */
export function pace(streams, perSecond, emit) {
  const perMs = (streams * perSecond) / 1000;
  const begun = performance.now();
  let made = 0;
  const timer = setInterval(() => {
    const ms = performance.now() - begun;
    const due = perMs * (ms < rampMs ? (ms * ms) / (2 * rampMs) : ms - rampMs / 2);
    for (; made < due; made++) emit(made % streams);
  }, 1);
  return () => {
    clearInterval(timer);
    return made;
  };
}
