import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import {
  createEventStreamReader,
  type EventStreamReaderOptions,
  type IncomingEvent,
  writeComment,
  writeEvent,
} from '../../src/format/event-stream.js';

const encoder = new TextEncoder();

/** The events of some bytes, pushed in parts of at most `part` bytes. */
function read(text: string | Uint8Array, part = Infinity, options?: EventStreamReaderOptions): IncomingEvent[] {
  const bytes = typeof text === 'string' ? encoder.encode(text) : text;
  const events: IncomingEvent[] = [];
  const reader = createEventStreamReader((event) => events.push(event), options);
  for (let at = 0; at < bytes.length; at += part) reader.push(bytes.subarray(at, at + part));
  return events;
}

const message = (data: string, id?: string) => ({ event: 'message', id, data });

describe('writeEvent', () => {
  it('writes the fields that are given', () => {
    expect(writeEvent({ data: 'whale' })).toBe('data: whale\n\n');
    expect(writeEvent({ event: 'end', id: '7', retry: 1000, data: '' })).toBe(
      'event: end\nid: 7\nretry: 1000\ndata: \n\n',
    );
    expect(writeEvent({ id: '7' })).toBe('id: 7\n\n');
  });

  it.each(['a\nb', 'a\rb', 'a\r\nb'])('makes lines of %j', (data) => {
    expect(writeEvent({ data })).toBe('data: a\ndata: b\n\n');
  });

  it.each(['\n', '\r', '\u0000', 'x\r\ndata: forged'])('refuses %j in event and id', (value) => {
    expect(() => writeEvent({ event: value, data: '' })).toThrow(new TypeError('event must not hold CR, LF or NUL'));
    expect(() => writeEvent({ id: value, data: '' })).toThrow(new TypeError('id must not hold CR, LF or NUL'));
  });

  it('refuses what is no name and no time', () => {
    expect(() => writeEvent({ id: 7 as never })).toThrow(new TypeError('id must be a string, got a number'));
    expect(() => writeEvent({ retry: 1.5 })).toThrow(RangeError);
    expect(() => writeEvent({ retry: '5\ndata: forged' as never })).toThrow(TypeError);
  });

  it('lets no data forge another field or event', () => {
    const text = fc.string({ unit: fc.constantFrom('\r', '\n', ':', ' ', 'data', 'id', 'event', 'x', '\u2028', '🐋') });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 7 }), (data, part) => {
        const lines = data.replaceAll(/\r\n?/g, '\n');
        expect(read(writeEvent({ id: '1', data }), part)).toEqual([message(lines, '1')]);
      }),
    );
  });
});

describe('writeComment', () => {
  it('is skipped by readers, whatever it says', () => {
    expect(writeComment('ping')).toBe(': ping\n\n');
    const forged = writeComment('a\ndata: forged\r\n\r\ndata: again\r');
    expect(read(forged + writeEvent({ data: 'whale' }))).toEqual([message('whale')]);
  });
});

describe('createEventStreamReader', () => {
  // In the ways real servers write: CRLF and comments, ids of JSON, several data lines, a cut at the end.
  const streams: [string, string, IncomingEvent[]][] = [
    [
      'names, ids and several lines',
      'event: output\nid: 17:0\ndata: a\ndata:\ndata:  b\n\n',
      [{ event: 'output', id: '17:0', data: 'a\n\n b' }],
    ],
    [
      'CRLF, comments between events',
      ': ping - 12:00\r\n\r\nevent: message\r\ndata: {"a":1}\r\n\r\n: bye\r\n',
      [message('{"a":1}')],
    ],
    ['CR alone', 'data: a\rdata: b\r\rdata: c\r\r', [message('a\nb'), message('c')]],
    ['mixed line ends', 'data: a\r\n\ndata: b\n\r\ndata: c\r\r\n', [message('a'), message('b'), message('c')]],
    ['an id without data is no event', 'id: 5\n\ndata: a\n\n', [message('a')]],
    ['an empty name is none', 'event: \ndata: a\n\n', [message('a')]],
    ['empty data is an event', 'data\n\ndata:\n\n', [message(''), message('')]],
    ['unknown fields and bad retries', 'foo: 1\nretry: soon\n: x\ndata: a\n\n', [message('a')]],
    ['a byte order mark', '\ufeffdata: a\n\n', [message('a')]],
    ['text of two, three and four bytes', 'data: ü€🐋\n\n', [message('ü€🐋')]],
    ['an event cut off by the end', 'data: a\n\ndata: b\n', [message('a')]],
    ['a line cut off by the end', 'data: a\n\ndata: b\n\nda', [message('a'), message('b')]],
  ];

  it.each(streams)('reads %s, however the bytes are split', (_, text, events) => {
    for (let part = 1; part <= encoder.encode(text).length; part++) expect(read(text, part)).toEqual(events);
  });

  it('hands an event out as soon as its last byte is there, also behind CR', () => {
    const events: IncomingEvent[] = [];
    const reader = createEventStreamReader((event) => events.push(event));
    reader.push(encoder.encode('data: a\r\r'));
    expect(events).toEqual([message('a')]);
    reader.push(encoder.encode('\ndata: b\r\n\r'));
    expect(events).toEqual([message('a'), message('b')]);
  });

  it('replaces invalid UTF-8', () => {
    const bytes = Uint8Array.from([...encoder.encode('data: '), 0xff, 0x0a, 0x0a]);
    expect(read(bytes, 1)).toEqual([message('\ufffd')]);
  });

  it.each([1, 3, Infinity])('fails behind the last event before one that is too large, in parts of %d', (part) => {
    const events: IncomingEvent[] = [];
    const reader = createEventStreamReader((event) => events.push(event), { maxEventBytes: 8 });
    const bytes = encoder.encode('data: 12345678\n\ndata: 123456789\n\ndata: a\n\n');
    const push = () => {
      for (let at = 0; at < bytes.length; at += part) reader.push(bytes.subarray(at, at + part));
    };
    expect(push).toThrow(new StreamError('overflow', 'an event has more than maxEventBytes = 8 bytes'));
    expect(events).toEqual([message('12345678')]);
    expect(() => reader.push(encoder.encode('data: a\n\n'))).toThrow(StreamError);
    expect(events).toHaveLength(1);
  });

  it('counts bytes, not characters', () => {
    expect(read('data: €€\n\n', Infinity, { maxEventBytes: 6 })).toEqual([message('€€')]);
    expect(() => read('data: €€\n\n', Infinity, { maxEventBytes: 5 })).toThrow(StreamError);
  });

  it('does not hold a line or an event that never ends', () => {
    const reader = createEventStreamReader(() => {}, { maxEventBytes: 1000 });
    const endless = (text: string) => () => {
      for (let i = 0; i < 1000; i++) reader.push(encoder.encode(text));
    };
    expect(endless('data: whale\n')).toThrow(StreamError);
    expect(() => read('x'.repeat(2000), 10, { maxEventBytes: 1000 })).toThrow(StreamError);
  });

  it('is whole after its callback threw', () => {
    const events: string[] = [];
    const reader = createEventStreamReader(({ data }) => {
      if (data === 'boom') throw new Error('boom');
      events.push(data);
    });
    expect(() => reader.push(encoder.encode('data: boom\n\ndata: lost\n\nda'))).toThrow('boom');
    reader.push(encoder.encode('ta: whale\n\n'));
    expect(events).toEqual(['whale']);
  });

  it('refuses a bound that is none', () => {
    expect(() => createEventStreamReader(() => {}, { maxEventBytes: 0 })).toThrow(RangeError);
  });
});
