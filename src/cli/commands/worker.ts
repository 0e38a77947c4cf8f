import { Command } from 'commander';
import { lastValueFrom, tap } from 'rxjs';
import { logForms } from '../../node/open-log.js';
import { queueForms } from '../../node/open-queue.js';
import type { Outcome } from '../../queue/work.js';
import { serveActors } from '../../run/index.js';
import { onInterrupt } from '../interrupt.js';
import { loadActors } from '../load.js';
import { type ExchangeFlags, openExchange } from '../open-exchange.js';
import { isWatched, leave } from '../output.js';
import { leaseOption, queueNameOption, readWhole } from '../queue-options.js';

interface Flags extends ExchangeFlags {
  readonly module: string;
  readonly concurrency: number;
  readonly json?: boolean;
}

/** `sluice worker`: serves the actors of a module to all who call them through a queue. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('serve the actors of a module to all who call them through a queue, until interrupted')
    .requiredOption('--module <file>', 'module that exports them')
    .requiredOption('--queue <url>', `where calls come from: ${queueForms}`)
    .addOption(queueNameOption())
    .addOption(leaseOption())
    .requiredOption('--log <url>', `where what they say is kept: ${logForms}`)
    .option('--concurrency <number>', 'calls at the same time', readWhole, 1)
    .option('--json', 'write NDJSON, on a terminal as well')
    .addHelpText('after', '\nInterrupted, it finishes what it is at and takes nothing new; interrupted again, it ends.')
    .action(run);
}

async function run({ module, concurrency, json, ...where }: Flags): Promise<void> {
  const actors = await loadActors(module);
  const { queue, streams, dispose } = await openExchange(where);
  const leaving = new AbortController();
  const off = onInterrupt(() => leaving.abort());
  const say = isWatched({ json }) ? sayIt : sayJson;
  say({ event: 'ready', actors: actors.map(({ name }) => name) });
  try {
    const outcomes = serveActors(queue, streams, actors, {
      concurrency,
      stop: leaving.signal,
      onTrouble: ({ code, message }) => say({ event: 'trouble', code, message }),
    });
    await lastValueFrom(outcomes.pipe(tap((outcome) => say({ event: 'call', ...told(outcome) }))), {
      defaultValue: undefined,
    });
  } finally {
    off();
    await dispose();
  }
  await leave(0);
}

function told({ id, attempt, status, error }: Outcome): object {
  return { id, attempt, status, ...(error instanceof Error ? { message: error.message } : {}) };
}

function sayJson(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function sayIt(event: object): void {
  process.stdout.write(`${Object.values(event).flat().join('  ')}\n`);
}
