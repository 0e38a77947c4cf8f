import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { createMemoryLog } from '../../../src/log/memory.js';
import { openApi } from '../../../src/node/documents/open-api.js';
import { createStreams } from '../../../src/streams/index.js';

type Document = ReturnType<typeof openApi> & {
  readonly paths: Record<string, Record<string, { operationId: string; parameters?: { name: string; in: string }[] }>>;
  readonly components: { readonly schemas: Record<string, object> };
};
const document = openApi('1.2.3') as Document;

describe('openApi', () => {
  it('is a document of OpenAPI 3.1, by its own schema', async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document) as never)).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
    // The judge is awake.
    expect((await new Validator().validate({ ...document, paths: { 'no slash': {} } } as never)).valid).toBe(false);
  });

  it('refers to nothing that is not there, and calls each operation once', () => {
    const text = JSON.stringify(document);
    const references = Array.from(text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g), ([, name = '']) => name);
    expect(references.length).toBeGreaterThan(10);
    for (const name of references) expect(document.components.schemas).toHaveProperty(name);
    const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('names the parameters of every path', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = '']) => name);
      for (const { parameters = [] } of Object.values(methods)) {
        expect(
          parameters.filter((one) => one.in === 'path').map(({ name }) => name),
          path,
        ).toEqual(inPath);
      }
    }
  });

  it('has schemas that fit what the server says', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    await streams.create('s');
    const validate = new Ajv2020({ strict: false }).compile(document.components.schemas['StreamInfo']!);
    expect(validate((await streams.list())[0]), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ streamId: 's' })).toBe(false);
  });
});
