import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { createChunk, encodeChunk } from '../../../src/chunk/index.js';
import { asyncApi } from '../../../src/node/documents/async-api.js';
import { encodeMessage } from '../../../src/protocol/index.js';
import { clientFrames, serverFrames } from '../../../src/protocol/frame-schemas.js';

interface Document {
  readonly channels: Record<string, { address: string; messages: Record<string, { payload: object }> }>;
  readonly operations: Record<string, { action: string; messages: { $ref: string }[] }>;
  readonly components: object;
}
const document = asyncApi('1.2.3') as unknown as Document;

/** What AsyncAPI itself says a document of version 3.0.0 is. */
function official() {
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  addFormats.default(ajv);
  return ajv.compile((specs.schemasWithoutId as unknown as Record<string, object>)['3.0.0']!);
}

/** A validator of one message. */
function messageOf(channel: string, name: string) {
  const { payload } = document.channels[channel]!.messages[name]!;
  return new Ajv({ strict: false }).compile({ ...payload, components: document.components });
}

describe('asyncApi', () => {
  it('is a document of AsyncAPI 3, by its own schema', () => {
    const validate = official();
    expect(validate(document), JSON.stringify(validate.errors?.slice(0, 5))).toBe(true);
    // The judge is awake.
    expect(validate({ ...document, channels: { a: { address: 7 } } })).toBe(false);
  });

  it('has every frame, and says who sends it', () => {
    const names = (operation: string) =>
      document.operations[operation]!.messages.map(({ $ref }) => $ref.split('/').at(-1));
    expect(names('receive.gateway')).toEqual(Object.keys(clientFrames));
    expect(names('send.gateway')).toEqual(Object.keys(serverFrames));
    expect([document.operations['receive.gateway']!.action, document.operations['send.gateway']!.action]).toEqual([
      'receive',
      'send',
    ]);
    expect(document.operations).not.toHaveProperty('receive.followStream');
  });

  it('refers to nothing that is not there', () => {
    const references = Array.from(JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g), ([, path = '']) => path);
    for (const path of references) {
      const found = path.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document);
      expect(found, path).toBeTypeOf('object');
    }
  });

  it('has schemas that fit what goes over the wire', () => {
    const chunk = encodeChunk(createChunk({ streamId: 's', seq: 0, data: 'ahoy' }));
    const { data } = encodeMessage([{ t: 'data', ch: 0, seq: 0, chunks: [chunk] }]);
    const validate = messageOf('gateway', 'data');
    expect(validate(JSON.parse(data as string)), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ t: 'data', ch: 0, seq: 0, chunks: [{ type: 'text' }] })).toBe(false);
    const end = messageOf('followStream', 'end');
    expect(end({ seq: 3, status: 'completed' })).toBe(true);
    expect(end({ seq: 3 })).toBe(false);
    expect(messageOf('watchRun', 'runEvent')({ event_type: 'step_start' })).toBe(false);
  });
});
