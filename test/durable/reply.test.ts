import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { answer, answerError, answerJson, Refusal } from '../../src/durable/reply.js';
import { textOf } from './lab.js';

describe('reply', () => {
  it('says nothing, or JSON that nobody keeps', () => {
    expect(answer(204)).toEqual({ status: 204, headers: {} });
    const reply = answerJson(200, { a: 1 }, { 'x-y': 'z' });
    expect(reply).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store', 'x-y': 'z' } });
    expect(textOf(reply)).toBe('{"a":1}');
  });

  it('says of a refusal what the protocol wants to be said', () => {
    const reply = answerError(new Refusal(409, 'stream-closed', 'over', { 'stream-closed': 'true' }));
    expect(reply).toMatchObject({ status: 409, headers: { 'stream-closed': 'true' } });
    expect(JSON.parse(textOf(reply))).toEqual({ code: 'stream-closed', message: 'over' });
  });

  it.each([
    ['name-invalid', 400],
    ['stream-not-found', 404],
    ['chunk-too-large', 413],
    ['limit-reached', 429],
    ['log-unavailable', 503],
    ['log-full', 507],
    ['log-incompatible', 500],
  ] as const)('answers %s with %i', (code, status) => {
    const reply = answerError(new StreamError(code, 'why'));
    expect(reply.status).toBe(status);
    expect(reply.headers['retry-after']).toBe(status === 429 || status === 503 ? '1' : undefined);
  });

  it('keeps what a defect says to itself', () => {
    const reply = answerError(new Error('password 1234'));
    expect(reply.status).toBe(500);
    expect(textOf(reply)).not.toContain('1234');
  });
});
