import { Command } from 'commander';
import type { StreamInfo } from '../../chunk/index.js';
import type { RunPage, RunSummary } from '../../run/index.js';
import { ask, listStreams } from '../ask.js';
import { serverOption } from '../connect.js';
import { isWatched, write, writeLine } from '../output.js';
import { table } from '../table.js';
import { tokenOption } from '../token.js';

interface Flags {
  readonly server: string;
  readonly json?: boolean;
  readonly runs?: boolean;
  readonly status?: string;
  readonly pipeline?: string;
  readonly limit?: string;
  readonly after?: string;
}

/** `sluice ls [PREFIX]`: the streams of a server, or its runs. */
export function lsCommand(): Command {
  return new Command('ls')
    .description('list the streams of a server, or its runs')
    .argument('[prefix]', 'what the names of the streams begin with', '')
    .addOption(serverOption())
    .addOption(tokenOption())
    .option('--runs', 'list runs, and how each of them stands, the newest first')
    .option('--status <names>', 'only runs that are so: running, waiting, completed, failed, cancelled, lost')
    .option('--pipeline <name>', 'only runs of this pipeline')
    .option('--limit <number>', 'most runs that are listed: 100')
    .option('--after <run>', 'go on behind the page before')
    .option('--json', 'write NDJSON, on a terminal as well')
    .action(run);
}

async function run(prefix: string, flags: Flags): Promise<void> {
  if (flags.runs === true) return await listRuns(flags);
  const streams = await listStreams(flags.server, prefix);
  await show(flags, streams, ['STREAM', 'STATUS', 'CHUNKS', 'BEGUN', 'FROM'], rowOfStream);
}

async function listRuns({ server, json, ...flags }: Flags): Promise<void> {
  const query = new URLSearchParams();
  for (const name of ['status', 'pipeline', 'limit', 'after'] as const) {
    const value = flags[name];
    if (value !== undefined) query.set(name, value);
  }
  const { runs, next } = (await ask(server, `/v1/runs?${query}`)) as RunPage;
  await show({ json }, runs, ['RUN', 'PIPELINE', 'STATUS', 'BEGUN', 'TOOK', 'WHY'], rowOfRun);
  if (next !== undefined) process.stderr.write(`sluice: there are more: --after ${next}\n`);
}

async function show<T>(
  flags: { readonly json?: boolean | undefined },
  list: readonly T[],
  head: readonly string[],
  row: (one: T) => readonly string[],
): Promise<void> {
  if (isWatched(flags)) return await write(table(head, list.map(row)));
  for (const one of list) await writeLine(one);
}

function rowOfStream({ streamId, status, next, createdAt, source = '' }: StreamInfo): readonly string[] {
  return [streamId, status, `${next}`, new Date(createdAt).toISOString(), source];
}

function rowOfRun({
  executionId,
  pipeline,
  status,
  startedAt,
  durationMs,
  reason = '',
}: RunSummary): readonly string[] {
  return [
    executionId,
    pipeline,
    status,
    new Date(startedAt).toISOString(),
    `${(durationMs / 1000).toFixed(1)} s`,
    reason,
  ];
}
