import { readFileSync } from 'node:fs';
import { dataFile } from '../data.js';
import { seeded, slices } from '../source/llm/reading.js';

/** A text, by what it comes to. */
export interface Sum {
  readonly utf16: number;
  readonly sha256: string;
}

/** A recording of what a toolkit has written, and what is known of it. */
export interface ToolkitRecording<E> {
  readonly name: string;
  readonly bytes: Buffer;
  readonly expected: E;
}

/** The recordings of a folder, where there are any. */
export function toolkitRecordings<E>(folder: string): readonly ToolkitRecording<E>[] {
  const list = dataFile(`${folder}/expected.json`);
  if (list === undefined) return [];
  const all = JSON.parse(readFileSync(list, 'utf8')) as Record<string, E>;
  return Object.entries(all).map(([name, expected]) => ({
    name,
    expected,
    bytes: readFileSync(dataFile(`${folder}/${name}`)!),
  }));
}

/** Ways to cut bytes into the pieces a network brings. */
export function* cuttings(bytes: Buffer): Generator<[string, Uint8Array[]]> {
  yield ['whole', [bytes]];
  const random = seeded(bytes.length);
  yield ['cut at random', slices(bytes, () => 1 + Math.floor(random() * 48))];
  yield ['byte for byte', slices(bytes, () => 1)];
}
