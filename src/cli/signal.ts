import { onInterrupt } from './interrupt.js';

/** Resolves when the process is asked to stop, by Ctrl-C or by who started it. Asked a second time it stops at once. */
export async function untilSignal(): Promise<NodeJS.Signals> {
  return await new Promise((resolve) => void onInterrupt(resolve));
}
