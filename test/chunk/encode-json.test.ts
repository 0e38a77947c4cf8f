import * as fc from 'fast-check';
import { createChunk, encodeChunk, type JsonValue } from 'sluice/chunk';
import { describe, expect, it } from 'vitest';
import { encodeJson } from '../../src/chunk/encode-json.js';

describe('encodeJson', () => {
  it('makes what encodeChunk makes of a chunk of JSON', () => {
    const json = fc.jsonValue({ stringUnit: 'binary' }).map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
    fc.assert(
      fc.property(json, fc.nat(), fc.boolean(), (value, timestamp, final) => {
        const data = { value };
        const chunk = createChunk({ streamId: 'a', seq: 0, data, timestamp, final });
        expect(encodeJson(data, timestamp, final)).toEqual(encodeChunk(chunk));
      }),
    );
  });
});
