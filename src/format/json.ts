import { jsonProblem, type JsonValue } from '../chunk/index.js';
import { each, type Format, malformed } from './codec.js';

/**
 * Values as JSON texts, one a text; a blank one says nothing and is skipped. Encoding fails on what JSON cannot hold without
 * loss, such as `undefined`, `NaN` or a `Date`. Nothing is held.
 *
 * @example
 * texts$.pipe(transcode(json.decode)); // { a: 1 } of '{"a":1}'
 */
export const json: Format<string, JsonValue> = {
  decode: each((text) => {
    if (blank.test(text)) return undefined;
    try {
      return JSON.parse(text) as JsonValue;
    } catch (cause) {
      throw malformed('json', 'a text is not JSON', cause);
    }
  }),
  encode: each((value) => {
    const problem = jsonProblem(value);
    if (problem !== undefined) throw malformed('json', `a value ${problem}`);
    return JSON.stringify(value);
  }),
};

/** All that JSON takes for white space. */
const blank = /^[ \t\r\n]*$/;
