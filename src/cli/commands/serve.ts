import { Command, InvalidArgumentError } from 'commander';
import type { Log } from '../../log/log.js';
import { serve, type ServedRunsOptions, type ServeOptions, type Server } from '../../node/index.js';
import { logForms, openLog } from '../../node/open-log.js';
import { loadPipelines } from '../load.js';
import { untilSignal } from '../signal.js';

interface Flags {
  readonly host: string;
  readonly port: number;
  readonly log: string;
  readonly allowPublic?: boolean;
  readonly longPollTimeoutMs: number;
  readonly staleMs?: number;
  readonly pipelines?: readonly string[];
  readonly module?: string;
}

/** `sluice serve`: a gateway for WebSocket, SSE and HTTP, with a page at `/`. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('serve streams over WebSocket, SSE and HTTP, with a page at /')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on, 0 for a free one', parsePort, 4437)
    .option('--log <url>', `where chunks are kept: ${logForms}`, 'memory')
    .option('--long-poll-timeout-ms <number>', 'how long a long-poll over HTTP waits', parseTimeout, 20_000)
    .option('--stale-ms <number>', 'fail a stream that gets no chunk for so long', parseTimeout)
    .option(
      '--pipelines <files...>',
      'pipelines that may be started over HTTP: JSON, YAML, or modules that export them',
    )
    .option('--module <file>', 'module that exports the `types` of their steps and the `services` they work with')
    .option('--allow-public', 'listen on an address that others can reach, without authentication')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const { host, port, log: url, allowPublic = false, longPollTimeoutMs, staleMs = Infinity } = flags;
  const runs = await loadRuns(flags);
  const log = await openLog(url);
  const server = await startServer({ host, port, allowPublic, log, staleMs, runs, durable: { longPollTimeoutMs } });
  process.stdout.write(`listening on ${server.url}\n`);
  await untilSignal();
  await server.close();
}

/** The pipelines of all files, with the services of all modules. */
async function loadRuns({ pipelines: files = [], module }: Flags): Promise<ServedRunsOptions> {
  const loaded = await Promise.all(files.map(async (file) => await loadPipelines(file, module)));
  const services = Object.assign({}, ...loaded.map((one) => one.services)) as object;
  return { pipelines: loaded.flatMap(({ pipelines }) => pipelines), services };
}

/** Serves, or lets go of the log. */
async function startServer(options: ServeOptions & { readonly log: Log }): Promise<Server> {
  try {
    return await serve(options);
  } catch (error) {
    await options.log.dispose();
    throw error;
  }
}

function parseTimeout(text: string): number {
  const timeout = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (timeout > 0) return timeout;
  throw new InvalidArgumentError('It must be a number of milliseconds from 1 to 999999999.');
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}
