import { basename } from 'node:path';
import { firstProblem, StreamError } from '../../chunk/index.js';
import { type Config, configSchema } from './config-schema.js';
import { findConfigFile, readConfigFile } from './config-file.js';
import { type Setting, settings, valueOfText } from './settings.js';

/** Options of {@link readConfig}. */
export interface ReadConfigOptions {
  /** The configuration file. Default: `SLUICE_CONFIG`, else the one in `folder` that is called `sluice.config`, if any. */
  readonly file?: string | undefined;
  /** Where it is looked for. Default: where the process is. */
  readonly folder?: string;
  /** The environment. Default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What flags say, by the names of settings: texts, or values. Default: nothing. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** A setting, what it is, and who says so. */
export interface SettledSetting extends Setting {
  readonly value: unknown;
  /** `default`, the name of the file, of the variable, or of the flag. */
  readonly from: string;
}

/** A configuration that was read. */
export interface ReadConfig {
  readonly config: Config;
  readonly settings: readonly SettledSetting[];
  /** The file that was read, if one was. */
  readonly file: string | undefined;
  /** Variables that look like settings, and are none. */
  readonly unknown: readonly string[];
}

/** Variables of the environment that are of the command line and no settings. */
const others: ReadonlySet<string> = new Set(['SLUICE_CONFIG', 'SLUICE_SERVER', 'SLUICE_TOKEN']);

/**
 * Reads the configuration: flags count more than the environment, that more than the file, and that more than defaults.
 *
 * @throws {@link StreamError} `config-invalid` with the `field` that is wrong, who said it, and what kind of value it is
 *
 * @example
 * const { config } = await readConfig({ flags: { port: 8080 } });
 * const server = await serve(serveOptions(config));
 */
export async function readConfig(options: ReadConfigOptions = {}): Promise<ReadConfig> {
  const { environment = process.env, flags = {}, folder = process.cwd() } = options;
  const file = options.file ?? environment['SLUICE_CONFIG'] ?? findConfigFile(folder);
  const told = file === undefined ? {} : await readConfigFile(file);
  const name = file === undefined ? '' : basename(file);
  const sources = new Map<string, string>();
  let merged = told;
  for (const setting of settings) {
    const { path, variable, flag } = setting;
    if (valueAt(told, path) !== undefined) sources.set(setting.name, name);
    const said = environment[variable];
    if (said !== undefined) {
      merged = withValue(merged, path, valueOfText(setting, said));
      sources.set(setting.name, variable);
    }
    const flagged = flags[setting.name];
    if (flagged !== undefined) {
      merged = withValue(merged, path, typeof flagged === 'string' ? valueOfText(setting, flagged) : flagged);
      sources.set(setting.name, flag);
    }
  }
  const config = checked(merged, (field) => sources.get(field) ?? name);
  return {
    config,
    settings: settings.map((setting) => ({
      ...setting,
      value: valueAt(config, setting.path),
      from: sources.get(setting.name) ?? 'default',
    })),
    file,
    unknown: Object.keys(environment).filter((key) => key.startsWith('SLUICE_') && !others.has(key) && !known.has(key)),
  };
}

const known: ReadonlySet<string> = new Set(settings.map(({ variable }) => variable));

function checked(merged: unknown, sourceOf: (field: string) => string): Config {
  const result = configSchema.safeParse(merged);
  if (result.success) return result.data;
  const { field = '', message } = firstProblem(result.error, merged);
  // Within a list it is the list that somebody said.
  const setting = settings.find(({ name }) => field === name || field.startsWith(`${name}.`));
  const source = sourceOf(setting?.name ?? '');
  const about = [field === '' ? 'configuration' : field, source === '' ? '' : `(${source})`].filter(Boolean).join(' ');
  const value = setting === undefined ? undefined : valueAt(merged, setting.path);
  // A number is no secret, and "a number" says nothing to who has given one.
  const why = typeof value === 'number' ? message.replace(/got a number$/, `got ${value}`) : message;
  throw new StreamError('config-invalid', `${about}: ${why}`, {
    cause: result.error,
    ...(field === '' ? {} : { field }),
  });
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isSection(at) && Object.hasOwn(at, key) ? at[key] : undefined), value);
}

/** The same with another value at a place. What is no section stays as it is, for the schema to refuse. */
function withValue(section: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  if (!isSection(section)) return section;
  if (rest.length === 0) return { ...section, [key]: value };
  return { ...section, [key]: withValue(Object.hasOwn(section, key) ? section[key] : {}, rest, value) };
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
