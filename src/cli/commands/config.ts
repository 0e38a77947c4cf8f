import { Command } from 'commander';
import { shown } from '../../node/config/index.js';
import { configOf, withConfig } from '../config-options.js';
import { isWatched, write, writeLine } from '../output.js';
import { table } from '../table.js';

interface Flags extends Readonly<Record<string, unknown>> {
  readonly print?: boolean;
  readonly json?: boolean;
}

/** `sluice config`: what `sluice serve` would go by, and who says so. */
export function configCommand(): Command {
  const command = new Command('config')
    .description('check the configuration of `sluice serve`: its file, the environment (SLUICE_*), and flags')
    .option('--print', 'show every setting, and where it comes from; passwords are left out')
    .option('--json', 'write NDJSON, on a terminal as well');
  return withConfig(command).action(run);
}

async function run(flags: Flags): Promise<void> {
  const { settings, file, unknown } = await configOf(flags);
  for (const name of unknown) process.stderr.write(`sluice: ${name} is no setting\n`);
  if (flags.print !== true) return await write(`${file ?? 'no file'}: every setting is valid\n`);
  const rows = settings.map((setting) => ({
    name: setting.name,
    value: shown(setting, setting.value),
    from: setting.from,
  }));
  if (!isWatched(flags)) for (const { value, ...row } of rows) await writeLine({ ...row, value: jsonable(value) });
  else
    await write(
      table(
        ['SETTING', 'VALUE', 'FROM'],
        rows.map(({ name, value, from }) => [name, told(value), from]),
      ),
    );
}

/** JSON has no word for what is unlimited. */
function jsonable(value: unknown): unknown {
  return value === Infinity ? 'Infinity' : (value ?? null);
}

function told(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
}
