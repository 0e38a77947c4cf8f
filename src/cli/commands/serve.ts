import { Command } from 'commander';
import { StreamError } from '../../chunk/index.js';
import type { Log } from '../../log/log.js';
import { isUnguarded } from '../../node/check-host.js';
import { type Config, configAuth, configTelemetry, openConfigLog, serveOptions } from '../../node/config/index.js';
import type { ServedRunsOptions, ServeOptions, Server } from '../../node/index.js';
import { logForms } from '../../node/open-log.js';
import { configOf, withConfig } from '../config-options.js';
import { loadPipelines } from '../load.js';
import { ofFlag } from '../of-flag.js';
import { untilSignal } from '../signal.js';

/** `sluice serve`: a gateway for WebSocket, SSE and HTTP, with a page at `/`. */
export function serveCommand(): Command {
  const command = new Command('serve').description('serve streams over WebSocket, SSE and HTTP, with a page at /');
  return withConfig(command)
    .addHelpText('after', `\nA log is one of ${logForms}. What flags do not say, the environment and the file do.`)
    .action(run);
}

async function run(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const { config } = await configOf(flags);
  const runs = await loadRuns(config);
  const who = await configAuth(config);
  checkReach(config, who);
  const telemetry = await configTelemetry(config);
  const log = await ofFlag('log (--log)', () => openConfigLog(config));
  const options = serveOptions(config);
  const server = await startServer({ ...options, ...who, log, telemetry, runs: { ...options.runs, ...runs } });
  // Before it is said that it runs: who hears that may ask it to stop.
  const asked = untilSignal();
  process.stdout.write(`listening on ${server.url}\n`);
  await asked;
  await server.drain({ withinMs: config.drainMs });
  // What has not let go of its connections by now does not keep the process.
  process.exit();
}

/** As the server itself checks it, in the words of the command line. */
function checkReach({ host, allowPublic }: Config, { authenticate }: Pick<ServeOptions, 'authenticate'>): void {
  if (!isUnguarded(host, { allowPublic, authenticate })) return;
  const message =
    `host "${host}" is reachable from elsewhere and nothing is asked of who comes: ` +
    'say --auth-api-keys, --auth-jwks-url or another --auth-…, or --allow-public to let everybody do everything';
  throw new StreamError('config-invalid', message, { field: 'host' });
}

/** The pipelines of all files, with the services of all modules. */
async function loadRuns({ pipelines: files, module }: Config): Promise<ServedRunsOptions> {
  const loaded = await Promise.all(files.map(async (file) => await loadPipelines(file, module)));
  const services = Object.assign({}, ...loaded.map((one) => one.services)) as object;
  return { pipelines: loaded.flatMap(({ pipelines }) => pipelines), services };
}

/** Serves, or lets go of the log. */
async function startServer(options: ServeOptions & { readonly log: Log }): Promise<Server> {
  // Here, so that no other command waits for a server to be loaded.
  const { serve } = await import('../../node/serve.js');
  try {
    return await serve(options);
  } catch (error) {
    await options.log.dispose();
    throw error;
  }
}
