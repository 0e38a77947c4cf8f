import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { readJsonBody } from '../../src/node/json-body.js';

const schema = z.strictObject({ n: z.number().optional() });
const json = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };

function request(parts: readonly (string | Buffer)[], headers: Record<string, string> = json): IncomingMessage {
  return Object.assign(Readable.from(parts.map((part) => Buffer.from(part))), {
    headers,
  }) as unknown as IncomingMessage;
}

describe('readJsonBody', () => {
  it('reads JSON that comes in any pieces', async () => {
    expect(await readJsonBody(request(['{"n"', ':1}']), schema, 100)).toEqual({ n: 1 });
  });

  it('takes no body for an empty object, of whatever type', async () => {
    expect(await readJsonBody(request([], {}), schema, 100)).toEqual({});
    expect(await readJsonBody(request([], { 'content-length': '0' }), schema, 100)).toEqual({});
  });

  it.each([
    [['{"n":"x"}'], json, 400, 'frame-invalid', 'n: '],
    [['[]'], json, 400, 'frame-invalid', 'got an array'],
    [['{'], json, 400, 'frame-malformed', 'not JSON'],
    [[Buffer.from([0xff])], json, 400, 'frame-malformed', 'not UTF-8'],
    [['x'.repeat(60), 'x'.repeat(60)], json, 413, 'frame-too-large', 'at most 100 bytes'],
    [['{}'], { 'content-length': '2' }, 415, 'frame-malformed', 'none was named'],
    [['{}'], { 'content-length': '2', 'content-type': 'text/json' }, 415, 'frame-malformed', 'got "text/json"'],
  ])('refuses %j with %j', async (parts, headers, status, code, message) => {
    const reading = readJsonBody(request(parts, headers as Record<string, string>), schema, 100);
    await expect(reading).rejects.toMatchObject({ status, code, message: expect.stringContaining(message) as unknown });
  });

  it('fails when the body is cut off', async () => {
    const cut = Object.assign(new Readable({ read: () => {} }), { headers: json });
    const reading = readJsonBody(cut as unknown as IncomingMessage, schema, 100);
    cut.destroy();
    await expect(reading).rejects.toThrow('cut off');
  });
});
