import { afterAll, beforeAll } from 'vitest';
import { type Server, serve } from 'sluice/node';
import { type Ended, run, type Running } from '../run.js';

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

/** Starts a server before the tests of a file and stops it after them. */
export function commandLine(): CommandLine {
  let server: Server;
  beforeAll(async () => {
    server = await serve({ port: 0 });
  });
  afterAll(async () => {
    await server.close();
  });
  const sluice = (...args: string[]): Running => run(main, args, { SLUICE_SERVER: server.url });
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
