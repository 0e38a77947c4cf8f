import { Command } from 'commander';
import type { StreamInfo } from '../../chunk/index.js';
import { listStreams } from '../ask.js';
import { serverOption } from '../connect.js';
import { isWatched, write, writeLine } from '../output.js';
import { table } from '../table.js';

interface Flags {
  readonly server: string;
  readonly json?: boolean;
}

/** `sluice ls [PREFIX]`: the streams of a server. */
export function lsCommand(): Command {
  return new Command('ls')
    .description('list the streams of a server; those of runs are below runs/')
    .argument('[prefix]', 'what their names begin with', '')
    .addOption(serverOption())
    .option('--json', 'write NDJSON, on a terminal as well')
    .action(run);
}

async function run(prefix: string, { server, json }: Flags): Promise<void> {
  const streams = await listStreams(server, prefix);
  if (isWatched({ json })) return await write(table(['STREAM', 'STATUS', 'CHUNKS', 'BEGUN', 'FROM'], streams.map(row)));
  for (const stream of streams) await writeLine(stream);
}

function row({ streamId, status, next, createdAt, source = '' }: StreamInfo): readonly string[] {
  return [streamId, status, `${next}`, new Date(createdAt).toISOString(), source];
}
