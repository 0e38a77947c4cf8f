import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** How a program ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A program of ours that is running. */
export interface Running {
  readonly process: ChildProcessWithoutNullStreams;
  /** How it ended. */
  readonly ended: Promise<Ended>;
  /** Resolves with what matched in standard output, as soon as it stands there. */
  says(pattern: RegExp): Promise<RegExpMatchArray>;
}

/** Runs a TypeScript or JavaScript file of the repository from its source, as `npm start` does. */
export function run(file: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Running {
  return runNode(['-C', 'sluice-source', '--import', 'tsx', file, ...args], env);
}

/** Runs Node with these arguments. */
export function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  // What tells our tests where recordings are is no setting of a program.
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, SLUICE_DATA: undefined, ...env } });
  const out: Buffer[] = [];
  const listeners = new Set<() => void>();
  let stderr = '';
  child.stdout.on('data', (part: Buffer) => {
    out.push(part);
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout: Buffer.concat(out), stderr }));
  });
  const says = async (pattern: RegExp): Promise<RegExpMatchArray> =>
    await new Promise((resolve, reject) => {
      const look = (): void => {
        const match = Buffer.concat(out).toString().match(pattern);
        if (match === null) return;
        listeners.delete(look);
        resolve(match);
      };
      listeners.add(look);
      look();
      void ended.then(({ code }) =>
        reject(new Error(`node ${args.join(' ')} ended with ${code} before it said ${pattern}: ${stderr}`)),
      );
    });
  return { process: child, ended, says };
}
