import { Command } from 'commander';
import { createApiKey } from '../../auth/api-keys.js';
import { writeLine } from '../output.js';

interface Flags {
  readonly scope?: readonly string[];
  readonly days?: string;
}

const dayMs = 24 * 60 * 60 * 1000;

/** `sluice key PRINCIPAL`: makes an API key. */
export function keyCommand(): Command {
  return new Command('key')
    .description(
      'make an API key: its record goes to standard output, a line for the file of `sluice serve --auth-api-keys`',
    )
    .argument('<principal>', 'whose it is: what belongs to somebody bears this name')
    .option('--scope <scopes...>', 'what it is good for, such as read:books/*; default: what is his own')
    .option('--days <number>', 'how long it is good for; default: without end')
    .addHelpText('after', '\nThe key itself goes to standard error, once: nothing keeps it.')
    .action(run);
}

async function run(principal: string, { scope, days }: Flags): Promise<void> {
  const { key, record } = createApiKey(principal, {
    ...(scope === undefined ? {} : { scopes: scope }),
    ...(days === undefined ? {} : { expiresAt: Date.now() + Number(days) * dayMs }),
  });
  process.stderr.write(`${key}\n`);
  await writeLine(record);
}
