import { Command, InvalidArgumentError } from 'commander';
import type { Log } from '../../log/log.js';
import { serve, type ServeOptions, type Server } from '../../node/index.js';
import { logForms, openLog } from '../../node/open-log.js';
import { untilSignal } from '../signal.js';

interface Flags {
  readonly host: string;
  readonly port: number;
  readonly log: string;
  readonly allowPublic?: boolean;
}

/** `sluice serve`: a gateway for WebSocket and SSE, with a page at `/`. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('serve streams over WebSocket and SSE, with a page at /')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on, 0 for a free one', parsePort, 4437)
    .option('--log <url>', `where chunks are kept: ${logForms}`, 'memory')
    .option('--allow-public', 'listen on an address that others can reach, without authentication')
    .action(run);
}

async function run({ host, port, log: url, allowPublic = false }: Flags): Promise<void> {
  const log = await openLog(url);
  const server = await startServer({ host, port, allowPublic, log });
  process.stdout.write(`listening on ${server.url}\n`);
  await untilSignal();
  await server.close();
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

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}
