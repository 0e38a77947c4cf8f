import { describe, expect, it } from 'vitest';
import type { Trouble } from '../../../src/source/llm/trouble.js';
import { Wire } from '../../../src/source/llm/wire.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What these pieces say, and the trouble they end in. */
function read(pieces: readonly (string | Uint8Array)[], max = 1000): unknown[] {
  const said: unknown[] = [];
  const wire = new Wire(
    {
      closed: false,
      item: (value) => void said.push(value),
      done: () => void said.push('done'),
      alive: () => void said.push('alive'),
    },
    max,
  );
  try {
    for (const piece of pieces) wire.push(piece);
    wire.end();
  } catch (error) {
    said.push((error as Trouble).kind);
  }
  return said;
}

describe('wire', () => {
  const one = { a: 1 };

  it.each<[string, string, unknown[]]>([
    ['an event', 'data: {"a":1}\n\n', [one]],
    ['an event without a space', 'data:{"a":1}\n\n', [one]],
    ['an event without its blank line, at the end', 'data: {"a":1}', [one]],
    ['an event in two lines', 'data: {"a":\ndata: 1}\n\n', [one]],
    ['an event with an empty line of data', 'data: {"a":1\ndata\ndata: }\n\n', [one]],
    ['a name and an id, which say nothing more', 'event: x\nid: 7\nretry: 5\ndata: {"a":1}\n\n', [one]],
    ['a name without data', 'event: x\n\n', []],
    ['a byte order mark', '\uFEFFdata: {"a":1}\n\n', [one]],
    ['comments', ': hello\n\n:\ndata: {"a":1}\n\n', ['alive', 'alive', one]],
    ['comments sent as data', 'data: : keepalive\n\ndata: {"a":1}\n\n', ['alive', one]],
    ['empty data', 'data:\n\ndata: \n\n', ['alive', 'alive']],
    ['the mark', 'data: [DONE]\n\n', ['done']],
    ['the mark with white space, without its end', 'data:  [DONE] ', ['done']],
    ['white space around JSON', 'data: {"a":1}    \n\n', [one]],
    ['a list', 'data: [1]\n\n', [[1]]],
    ['lines of JSON', '{"a":1}\n{"a":1}\n\n{"a":1}', [one, one, one]],
    [
      'a JSON object that fills lines',
      'data: {"a":1}\n\n{\n  "error": {\n    "code": 5\n  }\n}\n',
      [one, { error: { code: 5 } }],
    ],
    ['the same, followed by an event', '{\n"a": 1\n}\ndata: {"a":1}\n\n', [one, one]],
    ['the same, without an end of its own', '{\n "a": 1 }', [one]],
    ['one array for the whole answer', '[{\n  "a": 1\n}\n,\n{\n  "a": 1\n}\n]\n', [one, one]],
    ['one array, other breaks', '[{\n  "a": 1\n},\n{\n  "a": 1\n}]', [one, one]],
    ['one array, a line an element', '[{"a":1},\n{"a":1}]', [one, one]],
    ['an error line', 'error: {"message":"no"}\n\n', [{ error: { message: 'no' } }]],
    ['an error line of words', 'error: out of memory\n', [{ error: 'out of memory' }]],
    ['an event named error', 'event: error\ndata: {"message":"no"}\n\n', [{ error: { message: 'no' } }]],
    [
      'an event named error that says so itself',
      'event: error\ndata: {"type":"error","x":1}\n\n',
      [{ type: 'error', x: 1 }],
    ],
    ['an event named error with an error in it', 'event: error\ndata: {"error":1}\n\n', [{ error: 1 }]],
    ['an event named error of words', 'event: error\ndata: no\n\n', [{ error: 'no' }]],
    ['a name that counts for one event only', 'event: error\n\ndata: {"a":1}\n\n', [one]],
    ['unknown fields', 'foo: bar\nbaz\ndata: {"a":1}\n\n', [one]],
    [
      'U+2028, U+2029 and U+0085, which end no line',
      'data: {"a":"\u2028\u2029\u0085"}\n\n',
      [{ a: '\u2028\u2029\u0085' }],
    ],
    ['words', 'data: hello\n\ndata: {"a":1}\n\n', ['malformed']],
    ['half an event in the middle', 'data: {"a":\n\ndata: {"a":1}\n\n', ['malformed']],
    ['half a line in the middle', '{"a":\n{"a":1}\n', ['malformed']],
    ['NUL within a text', 'data: {"a":"\0"}\n\ndata: {"a":1}\n\n', ['malformed']],
    ['half an event at the end', 'data: {"a":1}\n\ndata: {"a":', [one, 'truncated']],
    ['half a mark at the end', 'data: [DON', ['truncated']],
    ['half a line at the end', '{"a":1}\n{"a', [one, 'truncated']],
    ['half an object at the end', '{\n  "a": 1\n', ['truncated']],
    ['half an error line at the end', 'error: {"mess', ['truncated']],
  ])('reads %s, whole, in pieces and with any ends of lines', (_, text, said) => {
    expect(read([utf8(text)])).toEqual(said);
    expect(read([text])).toEqual(said);
    expect(read(Array.from(utf8(text), (byte) => Uint8Array.of(byte)))).toEqual(said);
    expect(read(Array.from(text))).toEqual(said);
    expect(read([utf8(text.replaceAll('\n', '\r\n'))])).toEqual(said);
    expect(read(Array.from(text.replaceAll('\n', '\r\n')))).toEqual(said);
    expect(read([utf8(text.replaceAll('\n', '\r'))])).toEqual(said);
  });

  it('reads nothing from nothing', () => {
    expect(read([])).toEqual([]);
    expect(read([new Uint8Array(), ''])).toEqual([]);
  });

  it('makes U+FFFD of bytes that are no UTF-8', () => {
    expect(read([utf8('data: {"a":"'), Uint8Array.of(0xff), utf8('"}\n\n')])).toEqual([{ a: '\uFFFD' }]);
  });

  it.each([
    ['a line', ['data: ', 'x'.repeat(40)]],
    ['an event of many lines', Array.from({ length: 10 }, () => 'data: 12345\n')],
    ['an object that fills lines', ['{\n', ...Array.from({ length: 10 }, () => '"a": 1,\n')]],
    ['a line that comes whole', [`data: ${'x'.repeat(40)}\n\n`]],
  ])('does not take %s that is too long', (_, pieces) => {
    expect(read(pieces, 30)).toEqual(['overflow']);
  });

  it('takes what is as long as it may be', () => {
    expect(read([`data: {"a":1}\n\n`], 13)).toEqual([{ a: 1 }]);
  });

  it('reads nothing more when nothing more is wanted', () => {
    const said: unknown[] = [];
    const sink = {
      closed: false,
      item: (value: unknown) => {
        said.push(value);
        sink.closed = true;
      },
      done: () => void said.push('done'),
      alive: () => void said.push('alive'),
    };
    const wire = new Wire(sink, 100);
    wire.push('data: {"a":1}\n\ndata: {"a":2}\n\n: x\n');
    expect(said).toEqual([{ a: 1 }]);
  });
});
