import type { JsonValue } from '../chunk/index.js';
import { chain, type Format } from './codec.js';
import { json } from './json.js';
import { lines } from './lines.js';
import { utf8 } from './utf8.js';

/**
 * Values as newline-delimited JSON, the bytes split anywhere: a value a line, blank lines skipped. The last line may lack its
 * end, unless `onTruncated` says otherwise. At most one line of `maxFrameBytes` is held.
 *
 * @example
 * bytes$.pipe(transcode(ndjson.decode)); // { a: 1 }, { a: 2 } of '{"a":1}\n{"a"' | ':2}\n'
 */
export const ndjson: Format<Uint8Array, JsonValue> = {
  decode: chain(chain(utf8.decode, lines.decode), json.decode),
  encode: chain(chain(json.encode, lines.encode), utf8.encode),
};
