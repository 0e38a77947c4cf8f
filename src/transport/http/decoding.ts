import { fromBase64, type JsonValue, kindOf, StreamError, utf8Bytes } from '../../chunk/index.js';

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
export class Decoding {
  // A byte order mark is left in: where a reading goes on, there is no beginning to have one.
  private readonly text = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(readonly format: HttpFormat) {}

  /** Items of a body, or a piece of it. */
  body(bytes: Uint8Array): readonly unknown[] {
    if (bytes.length === 0) return [];
    switch (this.format) {
      case 'json':
        return messages(new TextDecoder().decode(bytes));
      case 'text':
        return textual(this.text.decode(bytes, { stream: true }));
      case 'bytes':
        return [bytes];
    }
  }

  /** Items of a data event. */
  event(data: string, base64: boolean): readonly unknown[] {
    if (base64) return this.body(bytesOf(data));
    if (data === '') return [];
    if (this.format === 'json') return messages(data);
    return [this.format === 'text' ? data : utf8Bytes(data)];
  }

  /** What is left of a character when nothing more comes. */
  end(): readonly string[] {
    return textual(this.text.decode());
  }
}

function textual(text: string): readonly string[] {
  return text === '' ? [] : [text];
}

function messages(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StreamError('data-malformed', 'the data is no JSON', { field: 'data', cause });
  }
  if (Array.isArray(value)) return value;
  throw new StreamError('data-malformed', `the data must be an array of messages, got ${kindOf(value)}`, {
    field: 'data',
  });
}

function bytesOf(data: string): Uint8Array {
  // A server may break the text into lines.
  const bytes = fromBase64(data.replaceAll(/[\r\n]/g, ''));
  if (bytes !== undefined) return bytes;
  throw new StreamError('data-malformed', 'the data is not base64', { field: 'data' });
}
