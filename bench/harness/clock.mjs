/** Microseconds on a clock that all processes of the machine share. */
export function clock() {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + Math.round(nanoseconds / 1e3);
}

/** When a chunk of sluice was made, on that clock: its timestamp says so, or its data where it brings its own. */
export function madeAt({ type, data, timestamp }) {
  return type === 'json' ? data.at : timestamp * 1000;
}

/** A chunk's place for the time it was made. */
export function timestampOf(at) {
  return at / 1000;
}
