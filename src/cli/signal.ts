/** Resolves when the process is asked to stop, by Ctrl-C or by who started it. Asked a second time it stops at once. */
export async function untilSignal(): Promise<NodeJS.Signals> {
  return await new Promise((resolve) => {
    const heard = (signal: NodeJS.Signals): void => {
      process.off('SIGINT', heard);
      process.off('SIGTERM', heard);
      resolve(signal);
    };
    process.on('SIGINT', heard);
    process.on('SIGTERM', heard);
  });
}
