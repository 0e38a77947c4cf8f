import { Ajv2020 } from 'ajv/dist/2020.js';
import { Ajv } from 'ajv';
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { nameSchema } from '../../../src/chunk/index.js';
import { chunkSchema } from '../../../src/chunk/chunk-schema.js';
import { jsonSchemaOf } from '../../../src/node/documents/json-schema.js';

const chunk = { streamId: 's', seq: 0, final: false, size: 1, metadata: {}, timestamp: 0 };

describe('jsonSchemaOf', () => {
  it.each([
    ['draft-2020-12', new Ajv2020({ strict: false })],
    ['draft-7', new Ajv({ strict: false })],
  ] as const)('says in %s what a chunk is', (target, ajv) => {
    const validate = ajv.compile(jsonSchemaOf(chunkSchema, target));
    for (const [type, data] of [
      ['text', 'a'],
      ['json', { any: [1, null] }],
      ['image', 'aGk='],
    ]) {
      expect(validate({ ...chunk, type, data }), `${type}`).toBe(true);
    }
    for (const wrong of [
      { ...chunk, type: 'text', data: 7 },
      { ...chunk, type: 'text', data: 'a', seq: -1 },
      { ...chunk, type: 'song', data: 'a' },
      { ...chunk, type: 'text', data: 'a', metadata: [] },
      { ...chunk, type: 'text', data: 'a', more: 1 },
    ]) {
      expect(validate(wrong)).toBe(false);
    }
  });

  it('needs nothing around it', () => {
    const made = jsonSchemaOf(
      z.strictObject({ name: nameSchema, value: z.json(), list: z.array(z.json()) }),
      'draft-7',
    );
    expect(made).toEqual({
      type: 'object',
      properties: {
        name: expect.objectContaining({ type: 'string', maxLength: 512 }) as unknown,
        value: {},
        list: { type: 'array', items: {} },
      },
      required: ['name', 'value', 'list'],
      additionalProperties: false,
    });
  });
});
