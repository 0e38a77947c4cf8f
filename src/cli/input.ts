import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Option } from 'commander';
import type { JsonValue } from '../chunk/index.js';

/** What a run or a call is given. */
export function inputOption(): Option {
  return new Option('--input <json>', 'the input as JSON, @FILE for that of a file, - for that on standard input');
}

/** Reads what {@link inputOption} says; nothing where it says nothing. @throws TypeError for what is not JSON */
export async function readInput(given: string | undefined): Promise<JsonValue | undefined> {
  if (given === undefined) return undefined;
  if (given === '-') return parsed(await text(process.stdin), 'standard input');
  if (!given.startsWith('@')) return parsed(given, '--input', `; a text stands in quotes: '"…"'`);
  return parsed(await readFile(given.slice(1), 'utf8'), given.slice(1));
}

/** JSON, or else a plain text. */
export function jsonOrText(given: string): JsonValue {
  try {
    return JSON.parse(given) as JsonValue;
  } catch {
    return given;
  }
}

function parsed(given: string, where: string, hint = ''): JsonValue {
  try {
    return JSON.parse(given) as JsonValue;
  } catch (error) {
    throw new TypeError(`${where} is not JSON: ${(error as Error).message}${hint}`, { cause: error });
  }
}
