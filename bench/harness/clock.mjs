/** Microseconds on a clock that all processes of the machine share. */
export function clock() {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + Math.round(nanoseconds / 1e3);
}
