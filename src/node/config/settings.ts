import * as z from 'zod';
import { configSchema } from './config-schema.js';
import type { SettingMeta } from './setting.js';

/** One setting, as it is called everywhere. */
export interface Setting extends SettingMeta {
  /** In a file, such as `websocket.pingMs`. */
  readonly name: string;
  /** Where it stands in a file. */
  readonly path: readonly string[];
  /** In the environment, such as `SLUICE_WEBSOCKET_PING_MS`. */
  readonly variable: string;
  /** As a flag, such as `--websocket-ping-ms`. */
  readonly flag: string;
  /** What it is when nobody says; `undefined` where it may be left out. */
  readonly fallback: unknown;
}

/** Every setting there is, in the order of the schema. */
export const settings: readonly Setting[] = settingsOf(configSchema, []);

function settingsOf(schema: z.ZodObject, above: readonly string[]): Setting[] {
  return Object.entries(schema.shape).flatMap(([key, field]) => {
    const path = [...above, key];
    const inner = field instanceof z.ZodPrefault ? field.unwrap() : field;
    if (inner instanceof z.ZodObject) return settingsOf(inner, path);
    const words = path.flatMap((part) => part.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).split('_'));
    return [
      {
        // Whatever is no section was made by a maker of settings, which says all this.
        ...(z.globalRegistry.get(field as z.ZodType) as unknown as SettingMeta),
        name: path.join('.'),
        path,
        variable: ['sluice', ...words].join('_').toUpperCase(),
        flag: `--${words.join('-').toLowerCase()}`,
        fallback: field instanceof z.ZodDefault ? field.def.defaultValue : undefined,
      },
    ];
  });
}

/** What a text says for a setting; the text itself where it says nothing of its kind, for the schema to refuse. */
export function valueOfText({ kind }: Pick<SettingMeta, 'kind'>, text: string): unknown {
  switch (kind) {
    case 'number':
      return /^-?(?:\d+(?:\.\d+)?|Infinity)$/.test(text) ? Number(text) : text;
    case 'flag':
      return flags.get(text) ?? text;
    case 'list':
      return text === '' ? [] : text.split(',').map((part) => part.trim());
    case 'json':
      return jsonOf(text);
    default:
      return text;
  }
}

const flags: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A value of a setting as it may be shown. */
export function shown({ secret = false }: Pick<SettingMeta, 'secret'>, value: unknown): unknown {
  if (secret === false || value === undefined || (Array.isArray(value) && value.length === 0)) return value;
  if (secret === true || typeof value !== 'string') return hidden;
  return value.replace(/^(\w+:\/\/)[^/]*@/, `$1${hidden}@`);
}

const hidden = '***';
