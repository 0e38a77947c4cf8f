import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type ActorPayload, actorPayloads, createPayloads, StreamError } from '../../src/chunk/index.js';

/** What is said of a value that is no payload. */
function refusal(parse: () => unknown): { code: string; message: string; field: string | undefined } {
  try {
    parse();
  } catch (error) {
    if (error instanceof StreamError) {
      return { code: error.code, message: error.message, field: error.details.field };
    }
  }
  throw new Error('it was taken');
}

describe('actorPayloads', () => {
  it.each<ActorPayload>([
    { type: 'start' },
    { type: 'start', input: { question: 'why' }, attempt: 2 },
    { type: 'progress', current: 1, total: 3, message: 'reading' },
    { type: 'progress', current: 0 },
    { type: 'data', value: null },
    { type: 'data', value: ['a', 1] },
    { type: 'complete' },
    { type: 'complete', output: 'all of it' },
    { type: 'error', message: 'out of paper', code: 'paper' },
  ])('takes %j as it is', (payload) => {
    expect(actorPayloads.parse(payload)).toEqual(payload);
    expect(actorPayloads.parse(JSON.parse(JSON.stringify(payload)))).toEqual(payload);
  });

  it.each([
    [7, undefined, 'payload: must be an object, got a number'],
    [null, undefined, 'payload: must be an object, got null'],
    [[], undefined, 'payload: must be an object, got an array'],
    [{}, 'type', 'payload field "type": must be a string, got undefined'],
    [{ type: 'toString' }, 'type', 'payload field "type": must be one of start, progress, data, complete, error'],
    [{ type: '__proto__' }, 'type', 'payload field "type": must be one of start, progress, data, complete, error'],
    [{ type: 'progress', current: -1 }, 'current', 'payload field "current"'],
    [{ type: 'progress', current: '1' }, 'current', 'got a string'],
    [{ type: 'data' }, 'value', 'payload field "value": must be JSON but holds undefined'],
    [{ type: 'data', value: Infinity }, 'value', 'holds Infinity'],
    [{ type: 'start', output: 1 }, undefined, 'output'],
    [{ type: 'error' }, 'message', 'payload field "message"'],
  ])('refuses %j, naming the field', (value, field, words) => {
    const said = refusal(() => actorPayloads.parse(value));
    expect(said).toMatchObject({ code: 'chunk-invalid', field });
    expect(said.message).toContain(words);
  });
});

describe('createPayloads', () => {
  const citation = z.strictObject({ url: z.url() });

  it('takes the kinds of its users beside those it has', () => {
    const payloads = actorPayloads.with({ citation });
    expect(payloads.parse({ type: 'citation', url: 'https://example.com/' }).type).toBe('citation');
    expect(payloads.parse({ type: 'start' })).toEqual({ type: 'start' });
    expect(refusal(() => actorPayloads.parse({ type: 'citation', url: 'https://example.com/' })).field).toBe('type');
  });

  it('refuses a kind that is known already', () => {
    expect(() => createPayloads({ citation }).with({ citation })).toThrow(
      new TypeError('payload kind "citation" is known already'),
    );
  });
});
