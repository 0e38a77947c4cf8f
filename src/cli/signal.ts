/** Resolves when the process is asked to stop: by Ctrl-C or by who started it. A second time it stops at once. */
export async function untilSignal(): Promise<NodeJS.Signals> {
  return await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}
