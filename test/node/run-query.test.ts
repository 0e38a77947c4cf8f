import { describe, expect, it } from 'vitest';
import { readListQuery, readRunQuery } from '../../src/node/run-query.js';

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

describe('readListQuery', () => {
  const listed = (text: string) => readListQuery(new URL(text, 'http://localhost/'));

  it.each([
    ['', {}],
    ['?status=failed,lost&status=waiting', { status: ['failed', 'lost', 'waiting'] }],
    ['?pipeline=answer&limit=1000&after=12.a.b', { pipeline: 'answer', limit: 1000, after: '12.a.b' }],
  ])('reads %j', (text, expected) => {
    expect(listed(text)).toEqual(expected);
  });

  it.each([
    ['?status=happy', 'status', 'must be among running, waiting, completed'],
    ['?status=', 'status', 'must be 1 to 100 names'],
    ['?limit=0', 'limit', 'must be a number from 1 to 1000'],
    ['?limit=1001', 'limit', 'must be a number from 1 to 1000'],
    ['?limit=many', 'limit', 'must be a number from 1 to 1000'],
    ['?after=yesterday', 'after', 'must be what a page before has said'],
  ])('refuses %j', (text, field, why) => {
    const message = expect.stringContaining(why) as string;
    expect(() => listed(text)).toThrow(expect.objectContaining({ status: 400, field, message }) as Error);
  });
});
