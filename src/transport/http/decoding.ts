import { fromBase64, type JsonValue, kindOf, utf8Bytes } from '../../chunk/index.js';
import { malformed } from './failure.js';

/** What the items of a batch are, by the word for it. */
export interface HttpItems {
  /** The messages of an `application/json` stream, one by one. */
  readonly json: JsonValue;
  /** Text, cut anywhere but within a character. */
  readonly text: string;
  /** Bytes, cut anywhere. */
  readonly bytes: Uint8Array;
}

/** How to read a stream. */
export type HttpFormat = keyof HttpItems;

/** @internal How a stream of this content type is read when nobody says so. */
export function formatOf(contentType: string | null): HttpFormat {
  const type = essence(contentType);
  if (type === 'application/json') return 'json';
  return type.startsWith('text/') ? 'text' : 'bytes';
}

/** @internal A content type without its parameters. */
export function essence(contentType: string | null): string {
  return (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

/** @internal Makes items of what answers hold, from answer to answer: a character may be cut between two. */
export interface Decoding {
  readonly format: HttpFormat;
  /** Items of a body, or a piece of it. */
  body(bytes: Uint8Array): readonly unknown[];
  /** Items of a data event. */
  event(data: string, base64: boolean): readonly unknown[];
  /** What is left of a character when nothing more comes. */
  end(): readonly unknown[];
}

/** @internal Makes items of this format. */
export function decodingOf(format: HttpFormat): Decoding {
  const textual = format === 'text';
  // A byte order mark is left in: where a reading goes on, there is no beginning to have one.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: textual });

  const items = (text: string): readonly unknown[] => {
    if (text === '') return [];
    return textual ? [text] : messages(text);
  };
  const body = (bytes: Uint8Array): readonly unknown[] => {
    if (bytes.length === 0) return [];
    return format === 'bytes' ? [bytes] : items(decoder.decode(bytes, { stream: textual }));
  };
  return {
    format,
    body,
    event: (data, base64) => {
      if (base64) return body(bytesOf(data));
      return format === 'bytes' ? body(utf8Bytes(data)) : items(data);
    },
    end: () => items(decoder.decode()),
  };
}

function messages(text: string): readonly unknown[] {
  const value = parseJson('data', text);
  if (Array.isArray(value)) return value;
  throw malformed('data', `must be an array of messages, got ${kindOf(value)}`);
}

/** @internal The value that text stands for. @throws {@link StreamError} `data-malformed` naming what is no JSON */
export function parseJson(field: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed(field, 'is no JSON', cause);
  }
}

function bytesOf(data: string): Uint8Array {
  // A server may break the text into lines.
  const bytes = fromBase64(data.replaceAll(/[\r\n]/g, ''));
  if (bytes === undefined) throw malformed('data', 'is not base64');
  return bytes;
}
