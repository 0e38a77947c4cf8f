import { Command } from 'commander';
import { ask, listStreams, runPath } from '../ask.js';
import { serverOption } from '../connect.js';
import { isWatched, write, writeLine } from '../output.js';
import { tokenOption } from '../token.js';

interface Flags {
  readonly server: string;
  readonly json?: boolean;
}

/** `sluice info STREAM|RUN`: what is known of a stream or a run. */
export function infoCommand(): Command {
  return new Command('info')
    .description('tell what is known of a run, by its id, or of a stream')
    .argument('<name>', 'id of a run, or name of a stream')
    .addOption(serverOption())
    .addOption(tokenOption())
    .option('--json', 'write one line of JSON, on a terminal as well')
    .action(run);
}

async function run(name: string, { server, json }: Flags): Promise<void> {
  const info = await infoOf(server, name);
  if (info === undefined) throw new Error(`there is no run and no stream "${name}"`);
  if (isWatched({ json })) await write(`${JSON.stringify(info, null, 2)}\n`);
  else await writeLine(info);
}

async function infoOf(server: string, name: string): Promise<unknown> {
  // The id of a run is one segment of a name.
  const known = name.includes('/') ? undefined : await ask(server, runPath(name));
  return known ?? (await listStreams(server, name)).find(({ streamId }) => streamId === name);
}
