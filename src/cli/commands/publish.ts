import { Command, Option } from 'commander';
import { type ChunkBody, createChunk, type JsonValue, StreamError, toStreamError } from '../../chunk/index.js';
import { connect, serverOption } from '../connect.js';
import { tokenOption } from '../token.js';

type InputType = 'text' | 'json' | 'binary';

interface Flags {
  readonly server: string;
  readonly type: InputType;
}

/** Characters of a text chunk: so few that it fits a message even if JSON escapes every one of them. */
const textLength = 8192;
/** Bytes of a binary chunk. */
const binaryLength = 32 * 1024;

/** `sluice publish STREAM`: standard input as a stream, which ends when the input does. */
export function publishCommand(): Command {
  return new Command('publish')
    .description('publish standard input as a stream, and end the stream with it')
    .argument('<stream>', 'name of the stream, such as books/moby-dick')
    .addOption(serverOption())
    .addOption(tokenOption())
    .addOption(
      new Option('--type <type>', 'what the input is: UTF-8 text, one JSON value a line, or bytes')
        .choices(['text', 'json', 'binary'])
        .default('text'),
    )
    .action(run);
}

async function run(stream: string, { server, type }: Flags): Promise<void> {
  const client = connect(server, 'ws');
  try {
    // At once, so that readers find the stream while it waits for its first input.
    await client.publish(stream, []);
    for await (const chunks of readChunks(stream, type)) await client.publish(stream, chunks);
    await client.publish(stream, [], { close: { status: 'completed' } });
  } catch (thrown) {
    const error = toStreamError(thrown, 'chunk-invalid');
    // Readers should not wait for the rest of an input that cannot be read.
    if (error.code === 'chunk-invalid') {
      await client.publish(stream, [], { close: { status: 'failed', reason: error.message } });
    }
    throw error;
  } finally {
    client.close();
  }
}

async function* readChunks(streamId: string, type: InputType): AsyncGenerator<readonly ChunkBody[]> {
  const parts = type === 'json' ? jsonLines() : type === 'text' ? textParts() : binaryParts();
  for await (const datas of parts) {
    yield datas.map((data) => createChunk({ streamId, seq: 0, type, data }));
  }
}

async function* textParts(): AsyncGenerator<string[]> {
  for await (const text of inputText()) yield split(text);
}

async function* inputText(): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for await (const bytes of process.stdin as AsyncIterable<Buffer>) {
    yield decode(() => decoder.decode(bytes, { stream: true }));
  }
  yield decode(() => decoder.decode());
}

function decode(work: () => string): string {
  try {
    return work();
  } catch (cause) {
    throw new StreamError('chunk-invalid', 'the input is not UTF-8: say --type binary for other bytes', { cause });
  }
}

function split(text: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    let end = Math.min(at + textLength, text.length);
    // Never between the two halves of a surrogate pair.
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--;
    parts.push(text.slice(at, end));
    at = end;
  }
  return parts;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

async function* jsonLines(): AsyncGenerator<JsonValue[]> {
  let number = 0;
  let rest = '';
  for await (const text of inputText()) {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    yield* parseAll(lines, number);
    number += lines.length;
  }
  yield* parseAll([rest], number);
}

/** The values of some lines; those before one that is no JSON are published before it is complained about. */
function* parseAll(lines: readonly string[], before: number): Generator<JsonValue[]> {
  const values: JsonValue[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    try {
      values.push(JSON.parse(line) as JsonValue);
    } catch (cause) {
      yield values;
      throw new StreamError('chunk-invalid', `line ${before + index + 1} of the input is not JSON`, { cause });
    }
  }
  yield values;
}

async function* binaryParts(): AsyncGenerator<Uint8Array[]> {
  for await (const bytes of process.stdin as AsyncIterable<Buffer>) {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += binaryLength) parts.push(bytes.subarray(at, at + binaryLength));
    yield parts;
  }
}
