import { jsonProblem, type JsonValue, kindOf, StreamError, utf8Bytes } from '../../chunk/index.js';
import { essence } from './decoding.js';
import { checkHeaderValue } from './rules.js';

/** What can be appended: any JSON value to an `application/json` stream, to every other one text or bytes. */
export type HttpItem = JsonValue | Uint8Array;

/** @internal Makes bodies of items. */
export interface Encoding {
  readonly contentType: string;
  /** Bytes that the encoded items have beyond their own, all together and each. */
  readonly frame: number;
  readonly separator: number;
  /** @throws {@link StreamError} `data-malformed` when the stream cannot hold it */
  encode(item: unknown): Uint8Array;
  /** The body of items that were encoded one by one. */
  join(items: readonly Uint8Array[]): Uint8Array;
}

/** @internal How items of this content type are sent. @throws TypeError when it cannot stand in a header */
export function encodingOf(contentType: unknown): Encoding {
  const type = checkHeaderValue('contentType', contentType);
  if (type.trim() === '') throw new TypeError('contentType must not be empty');
  // A list is what the protocol takes apart into messages: so a list that is a message stays one.
  if (essence(type) === 'application/json') {
    return { contentType: type, frame: 2, separator: 1, encode: json, join: (items) => joined(items, '[', ',', ']') };
  }
  return { contentType: type, frame: 0, separator: 0, encode: raw, join: (items) => joined(items, '', '', '') };
}

function json(item: unknown): Uint8Array {
  const problem = jsonProblem(item);
  if (problem !== undefined) throw malformed(problem);
  return utf8Bytes(JSON.stringify(item));
}

function raw(item: unknown): Uint8Array {
  if (typeof item !== 'string' && !(item instanceof Uint8Array)) {
    throw malformed(`must be a string or bytes, got ${kindOf(item)}`);
  }
  if (item.length === 0) throw malformed('must not be empty');
  if (typeof item !== 'string') return item;
  if (!item.isWellFormed()) throw malformed('holds a lone surrogate');
  return utf8Bytes(item);
}

function malformed(problem: string): StreamError {
  return new StreamError('data-malformed', `data ${problem}`, { field: 'data' });
}

function joined(items: readonly Uint8Array[], open: string, between: string, close: string): Uint8Array {
  const bytes = items.reduce((sum, item) => sum + item.length, 0) + open.length + close.length;
  const all = new Uint8Array(bytes + Math.max(0, items.length - 1) * between.length);
  let at = 0;
  const put = (text: string): void => {
    for (let i = 0; i < text.length; i++) all[at++] = text.charCodeAt(i);
  };
  put(open);
  for (const [i, item] of items.entries()) {
    if (i > 0) put(between);
    all.set(item, at);
    at += item.length;
  }
  put(close);
  return all;
}
