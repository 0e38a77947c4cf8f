import { describe, expect, it } from 'vitest';
import { answering, cancelling, starting } from '../../src/node/run-bodies.js';

describe('what runs are started, cancelled and answered with', () => {
  it.each([
    ['a pipeline and nothing else', starting, { pipeline: 'p' }],
    [
      'everything that may be said',
      starting,
      { pipeline: 'p', input: { a: [1, null] }, executionId: 'x', session: 's' },
    ],
    ['no reason', cancelling, {}],
    ['a reason', cancelling, { reason: 'enough' }],
    ['an answer', answering, { name: 'approve', value: true }],
    ['an answer to one step', answering, { name: 'approve', value: null, step: 'pay' }],
  ])('takes %s', (_, schema, body) => {
    expect(schema.parse(body)).toEqual(body);
  });

  it.each([
    ['no pipeline', starting, {}],
    ['an empty name', starting, { pipeline: '' }],
    ['a session that is too long', starting, { pipeline: 'p', session: 'x'.repeat(257) }],
    ['a field nobody knows', starting, { pipeline: 'p', inputs: 1 }],
    ['a reason that is too long', cancelling, { reason: 'x'.repeat(1025) }],
    ['no value', answering, { name: 'approve' }],
  ])('refuses %s', (_, schema, body) => {
    expect(schema.safeParse(body).success).toBe(false);
  });
});
