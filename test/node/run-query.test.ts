import { describe, expect, it } from 'vitest';
import { readRunQuery } from '../../src/node/run-query.js';

const query = (text: string, lastEventId?: string) => readRunQuery(new URL(text, 'http://localhost/'), lastEventId);

describe('readRunQuery', () => {
  it.each([
    ['', undefined, { from: 'beginning', resumed: false, types: undefined, steps: undefined }],
    ['?from=now&types=a,b&types=c&steps=x/1', undefined, { from: 'now', types: ['a', 'b', 'c'], steps: ['x/1'] }],
    ['?from=7', undefined, { from: 7, resumed: false }],
    ['?from=7', '9', { from: 10, resumed: true }],
    ['?from=7', '', { from: 7, resumed: false }],
  ])('reads %j behind %j', (text, lastEventId, expected) => {
    expect(query(text, lastEventId)).toMatchObject(expected);
  });

  it.each([
    ['?from=yesterday', undefined, 'from'],
    ['?from=snapshot', undefined, 'from'],
    ['', 'x', 'last-event-id'],
    ['', `${2 ** 53 - 1}`, 'last-event-id'],
    ['?types=', undefined, 'types'],
    [`?steps=${'a,'.repeat(100)}a`, undefined, 'steps'],
  ])('refuses %j behind %j', (text, lastEventId, field) => {
    expect(() => query(text, lastEventId)).toThrow(expect.objectContaining({ status: 400, field }) as Error);
  });
});
