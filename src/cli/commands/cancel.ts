import { Command } from 'commander';
import { toStreamError } from '../../chunk/index.js';
import { ask, runPath } from '../ask.js';
import { connect, serverOption } from '../connect.js';
import { tokenOption } from '../token.js';

interface Flags {
  readonly server: string;
  readonly reason?: string;
}

/** `sluice cancel STREAM|RUN`: ends a stream for everybody, or asks a run to stop. */
export function cancelCommand(): Command {
  return new Command('cancel')
    .description('cancel a run, by its id, or a stream')
    .argument('<name>', 'id of a run, or name of a stream')
    .addOption(serverOption())
    .addOption(tokenOption())
    .option('--reason <text>', 'why')
    .action(run);
}

async function run(name: string, { server, reason }: Flags): Promise<void> {
  const body = reason === undefined ? {} : { reason };
  const isRun = !name.includes('/') && (await ask(server, runPath(name, '/cancel'), body)) !== undefined;
  if (!isRun) await cancelStream(server, name, reason);
}

/** Cancels a stream and waits until its readers know. */
async function cancelStream(server: string, name: string, reason: string | undefined): Promise<void> {
  const client = connect(server, 'ws');
  try {
    const reading = client.read(name, { from: 'now' });
    const end = reading.next();
    client.cancel(name, reason);
    for (let next = await end; next.done !== true; next = await reading.next());
  } catch (thrown) {
    const error = toStreamError(thrown, 'internal');
    // Ended as it should, or before.
    if (error.code !== 'stream-cancelled' && error.code !== 'stream-failed') throw error;
  } finally {
    client.close();
  }
}
