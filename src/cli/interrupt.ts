/** Longest pause of a timer of Node. */
const longestMs = 2 ** 31 - 1;

/**
 * Calls back at the first Ctrl-C, or when whoever started the process asks it to stop. Asked a second time, it stops at once.
 *
 * @returns listens no more
 */
export function onInterrupt(interrupted: (signal: NodeJS.Signals) => void): () => void {
  // Listening for signals does not keep a process alive, and what is waited for need not either.
  const staying = setInterval(() => {}, longestMs);
  const off = (): void => {
    clearInterval(staying);
    process.off('SIGINT', heard);
    process.off('SIGTERM', heard);
  };
  const heard = (signal: NodeJS.Signals): void => {
    off();
    interrupted(signal);
  };
  process.on('SIGINT', heard);
  process.on('SIGTERM', heard);
  return off;
}
