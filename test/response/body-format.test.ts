import { createChunk, StreamError } from 'sluice/chunk';
import { describe, expect, it } from 'vitest';
import { bodyFormat, type BodyFormatName, type EventOptions } from '../../src/response/body-format.js';

const chunk = (data: string | Uint8Array | { a: number }) => createChunk({ streamId: 's', seq: 3, data, timestamp: 0 });
const write = (name: BodyFormatName, items: readonly unknown[], options: EventOptions<unknown> = {}): string => {
  const format = bodyFormat<unknown>(name, options);
  const parts = items.map((item) => format.part(item));
  return [
    format.begin,
    ...parts.map((part) => (typeof part === 'string' ? part : Buffer.from(part).toString())),
    format.end(),
  ].join('');
};

describe('body format', () => {
  it.each<[BodyFormatName, readonly unknown[], string]>([
    ['text', ['a', chunk('b'), Buffer.from('c'), 1, { d: 2 }], 'abc1{"d":2}'],
    ['binary', ['a', Buffer.from('b'), chunk(Buffer.from('c'))], 'abc'],
    ['ndjson', ['a\nb', null, 0, chunk({ a: 1 }), Buffer.from('hi')], '"a\\nb"\nnull\n0\n{"a":1}\n"aGk="\n'],
    ['json', [], '[]\n'],
    ['json', ['a', { b: [] }], '["a",\n{"b":[]}]\n'],
    [
      'sse',
      ['one\ntwo', chunk('three'), { four: 4 }],
      ': \n\ndata: one\ndata: two\n\nid: 3\ndata: three\n\ndata: {"four":4}\n\nevent: end\ndata: {"status":"completed"}\n\n',
    ],
  ])('writes %s of %j', (name, items, text) => {
    expect(write(name, items)).toBe(text);
  });

  it('writes events as it is told, and how long to wait', () => {
    const event = (item: unknown) => ({ event: 'token', id: '7', data: String(item) });
    expect(write('sse', ['a'], { event, retryMs: 250 })).toBe(
      'retry: 250\n\nevent: token\nid: 7\ndata: a\n\nevent: end\ndata: {"status":"completed"}\n\n',
    );
  });

  it('forges no event of an id', () => {
    const event = () => ({ id: 'a\ndata: forged', data: 'x' });
    expect(() => write('sse', ['a'], { event })).toThrow('id must not hold CR, LF or NUL');
  });

  it.each<[BodyFormatName, unknown, string]>([
    ['ndjson', undefined, 'an item of a response must be JSON, got undefined'],
    ['text', () => {}, 'an item of a response must be JSON, got a function'],
    ['binary', { a: 1 }, 'an item of a response must be bytes, got an object'],
  ])('refuses for %s what has no place in it', (name, item, message) => {
    expect(() => write(name, [item])).toThrow(new StreamError('data-malformed', message));
  });

  it('refuses a retry that is no time', () => {
    expect(() => bodyFormat('sse', { retryMs: -1 })).toThrow('retryMs');
  });

  it('says of a failure what its format has words for', () => {
    const error = { code: 'gap', message: 'it is missing' } as const;
    const said = (name: BodyFormatName) => bodyFormat(name, {}).failed(error);
    expect(said('sse')).toBe('event: error\ndata: {"code":"gap","message":"it is missing"}\n\n');
    expect(said('ndjson')).toBe('{"error":{"code":"gap","message":"it is missing"}}\n');
    expect([said('text'), said('binary'), said('json')]).toEqual(['', '', '']);
  });
});
