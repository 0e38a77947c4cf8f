import { afterAll, beforeAll } from 'vitest';
import { type Server, serve } from 'sluice/node';
import { type Bundled, bundled } from '../crash/bundled.js';
import { type Ended, run, runNode, type Running } from '../run.js';

/** The command line beside a server of its own, for the length of a test file. */
export interface CommandLine {
  readonly server: () => Server;
  /** Runs `sluice` with these arguments. */
  sluice(...args: string[]): Running;
  /** Runs `sluice publish` on an input. */
  publish(stream: string, input: string | Buffer, ...flags: string[]): Promise<Ended>;
  /** Runs `sluice tail` until it ends. */
  tail(stream: string, ...flags: string[]): Promise<Ended>;
}

export const main = 'src/cli/main.ts';

/** Runs `sluice` with these arguments. */
export type Command = (args: readonly string[], env?: Readonly<Record<string, string>>) => Running;

/** How `sluice` is started from its sources. */
export const fromSources: Command = (args, env) => run(main, args, env);

/** The command line in one piece, for the length of a test file: it starts in a third of the time that its sources take. */
export function command(): Command {
  let made: Bundled;
  beforeAll(async () => {
    made = await bundled();
  });
  afterAll(() => made.dispose());
  return (args, env) => runNode([made.main, ...args], env);
}

/**
 * Starts a server before the tests of a file and stops it after them.
 *
 * @param start - how `sluice` is started; {@link fromSources} where it loads modules in TypeScript
 */
export function commandLine(start: Command = command()): CommandLine {
  let server: Server;
  beforeAll(async () => {
    server = await serve({ port: 0 });
  });
  afterAll(async () => {
    await server.close();
  });
  const sluice = (...args: string[]): Running => start(args, { SLUICE_SERVER: server.url });
  return {
    server: () => server,
    sluice,
    publish: async (stream, input, ...flags) => {
      const publishing = sluice('publish', stream, ...flags);
      publishing.process.stdin.end(input);
      return await publishing.ended;
    },
    tail: async (stream, ...flags) => await sluice('tail', stream, ...flags).ended,
  };
}
