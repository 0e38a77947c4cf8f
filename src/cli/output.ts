import { once } from 'node:events';

/** Writes to standard output, and waits while that is full. */
export async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** Writes a value as one line of JSON. */
export async function writeLine(value: unknown): Promise<void> {
  await write(`${JSON.stringify(value)}\n`);
}

/** Whether there is somebody to look at it; a pipe gets NDJSON. */
export function isWatched({ json = false }: { readonly json?: boolean | undefined }): boolean {
  // Where it is no terminal, Node leaves it out.
  return !json && (process.stdout.isTTY as boolean | undefined) === true;
}

/** Ends the process with what was written so far: whatever a user's code has left open must not hold it. */
export async function leave(code: number): Promise<never> {
  await new Promise<void>((resolve) => void process.stdout.write('', () => resolve()));
  process.exit(code);
}
