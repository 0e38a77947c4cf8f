import { Command } from 'commander';
import type { RunEvent } from '../../run/index.js';
import { isAskedFor } from '../../run/is-asked-for.js';
import { eventsOf } from '../../run/names.js';
import { connect, serverOption } from '../connect.js';
import { exitCodeOf, exitCodesText } from '../exit-codes.js';
import { followRun } from '../follow-run.js';
import { tokenOption } from '../token.js';

interface Flags {
  readonly server: string;
  readonly types?: string;
  readonly steps?: string;
  readonly json?: boolean;
}

/** `sluice replay RUN`: a run from its beginning, be it over or not. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('show a run of a server from its beginning, and follow it to its end')
    .argument('<run>', 'id of the run')
    .addOption(serverOption())
    .addOption(tokenOption())
    .option('--types <names>', 'only events of these types, with commas between; for NDJSON')
    .option('--steps <names>', 'only events of these steps and of those within them; for NDJSON')
    .option('--json', 'write events as NDJSON, on a terminal as well')
    .addHelpText('after', exitCodesText)
    .action(run);
}

async function run(executionId: string, { server, json, types, steps }: Flags): Promise<void> {
  const client = connect(server, 'ws');
  try {
    const wanted = { types: types?.split(','), steps: steps?.split(',') };
    const shows = (event: RunEvent): boolean => isAskedFor(event, wanted);
    const end = await followRun(client.read(eventsOf(executionId)), { json, shows });
    process.exitCode = exitCodeOf(end, false);
  } finally {
    client.close();
  }
}
