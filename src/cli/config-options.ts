import { type Command, Option } from 'commander';
import { readConfig, type ReadConfig, type Setting, settings } from '../node/config/index.js';

/** What stands behind a flag. */
const forms: Readonly<Record<Setting['kind'], string>> = {
  text: ' <text>',
  number: ' <number>',
  flag: ' [true|false]',
  list: ' <names...>',
  json: ' <json>',
};

/** An option for every setting, by the setting's name, and one for the file they stand in. */
const options = settings.map((setting) => {
  const { name, kind, flag, description, fallback } = setting;
  const isTold = fallback !== undefined && !Array.isArray(fallback);
  const about = `${description}${isTold ? ` (default: ${String(fallback)})` : ''}`;
  return { name, option: new Option(flag + forms[kind], about) };
});

/** Lets a command be told every setting by a flag, and where the file is that says the others. */
export function withConfig(command: Command): Command {
  command.option('--config <file>', 'configuration file, instead of a sluice.config.* here (SLUICE_CONFIG)');
  for (const { option } of options) command.addOption(option);
  return command;
}

/** The configuration by what a command was told, the environment, and the file. */
export async function configOf(flags: Readonly<Record<string, unknown>>): Promise<ReadConfig> {
  const told = options.map(({ name, option }) => [name, flags[option.attributeName()]] as const);
  const { config: file } = flags as { readonly config?: string };
  return await readConfig({ flags: Object.fromEntries(told), file });
}
