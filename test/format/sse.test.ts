import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sse } from '../../src/format/sse.js';
import { streamError } from '../operators/alphabet.js';
import { bytesOf, crumbs, cuts, joined, outcome, pieces, text } from './pieces.js';

const message = (data: string, id?: string) => ({ event: 'message', id, data });

describe('sse', () => {
  it('reads the same events however the bytes are split, and what it wrote', () => {
    fc.assert(
      fc.property(fc.array(text), cuts, (all, places) => {
        const bytes = joined(
          outcome(
            sse.encode,
            all.map((data) => ({ data, id: '1' })),
          ) as Uint8Array[],
        );
        const expected = all.map((data) => message(data.replaceAll(/\r\n?/g, '\n'), '1'));
        expect(outcome(sse.decode, pieces(bytes, places))).toEqual(expected);
      }),
    );
  });

  it('writes an event again that it has read', () => {
    const [event] = outcome(sse.decode, crumbs(bytesOf('event: end\ndata: a\n\n')));
    expect(outcome(sse.encode, [event as object])).toEqual([bytesOf('event: end\ndata: a\n\n')]);
  });

  it('fails on an event that is none', () => {
    expect(outcome(sse.encode, [{ data: 'a', id: 'b\nc' }])).toEqual([
      streamError('data-malformed', 'sse: id must not hold CR, LF or NUL'),
    ]);
  });

  it.each([
    [{}, []],
    [{ onTruncated: 'drop' }, []],
    [{ onTruncated: 'emit' }, [message('b')]],
    [{ onTruncated: 'error' }, [streamError('data-malformed', 'the data end within an event')]],
  ] as const)('with %o treats an event cut off so', (options, left) => {
    expect(outcome(sse.decode, [bytesOf('data: a\n\ndata: b')], options)).toEqual([message('a'), ...left]);
    expect(outcome(sse.decode, [bytesOf('data: a\n\ndata: b\n')], options)).toEqual([message('a'), ...left]);
    expect(outcome(sse.decode, [bytesOf('data: a\n\n: bye\n')], options)).toEqual([message('a')]);
  });

  it('fails at an event that is too large, behind those before it', () => {
    const bytes = [bytesOf('data: abc\n\ndata: abcd\n\n')];
    expect(outcome(sse.decode, bytes, { maxFrameBytes: 3 })).toEqual([message('abc'), streamError('overflow', '= 3')]);
  });
});
