import { describe, expect, it } from 'vitest';
import { each, type Format } from '../../src/format/codec.js';
import { createCodecs, type StandardFormats } from '../../src/format/codecs.js';
import { messagePack } from '../../src/format/message-pack.js';
import type { JsonValue } from '../../src/chunk/index.js';
import { bytesOf, joined, outcome } from './pieces.js';

const codecs = createCodecs();
const standard = ['bytes', 'text', 'base64', 'lines', 'json', 'ndjson', 'events', 'sse'] as const;
const values = [{ a: 1 }, ['b\n'], null, 'é'];

describe('createCodecs', () => {
  it('knows a way from each standard format to every other', () => {
    for (const from of standard) for (const to of standard) expect(() => codecs.find(from, to)).not.toThrow();
  });

  it.each(['lines', 'ndjson', 'events', 'sse'] as const)('reads values that went through %s', (format) => {
    const there = outcome(codecs.find('json', format), values) as never[];
    expect(outcome(codecs.find(format, 'json'), there)).toEqual(values);
  });

  it('takes the shortest way', () => {
    expect(codecs.path('base64', 'lines')).toEqual(['base64', 'bytes', 'text', 'lines']);
    expect(codecs.path('sse', 'ndjson')).toEqual(['sse', 'events', 'json', 'ndjson']);
    expect(codecs.path('text', 'text')).toEqual(['text']);
    const short = createCodecs().add(
      'base64',
      'text',
      each((text) => text.toLowerCase()),
    );
    expect(short.path('base64', 'lines')).toEqual(['base64', 'text', 'lines']);
  });

  it('chains the codecs on the way', () => {
    expect(outcome(codecs.find('base64', 'lines'), [btoa('ab\nc\nd')])).toEqual(['ab', 'c', 'd']);
    expect(outcome(codecs.find('events', 'json'), [{ data: '{"a":1}' }, { data: '' }])).toEqual([{ a: 1 }]);
    const turned = outcome(codecs.find('sse', 'ndjson'), [bytesOf('data: 1\n\ndata: [2]\n\n')]) as Uint8Array[];
    expect(joined(turned)).toEqual(bytesOf('1\n[2]\n'));
  });

  it('passes everything where both are the same', () => {
    expect(outcome(codecs.find('text', 'text'), ['a', ''])).toEqual(['a', '']);
  });

  it('takes formats of yours', () => {
    const mine = createCodecs<StandardFormats & { readonly rot: string }>()
      .addFormat('msgpack', 'json', messagePack as Format<Uint8Array, JsonValue>)
      .add(
        'text',
        'rot',
        each((text) => text.replaceAll('a', 'n')),
      );
    const packed = outcome(mine.find('json', 'msgpack'), values) as Uint8Array[];
    expect(outcome(mine.find('msgpack', 'json'), [joined(packed)])).toEqual(values);
    expect(outcome(mine.find('bytes', 'rot'), [bytesOf('banana')])).toEqual(['bnnnnn']);
  });

  it('says when there is no way', () => {
    expect(codecs.path('json', 'msgpack')).toBeUndefined();
    expect(codecs.path('msgpack', 'json')).toBeUndefined();
    expect(() => codecs.find('json', 'msgpack')).toThrow(
      new RangeError('there is no codec from "json" to "msgpack", nor a way'),
    );
  });

  it('refuses what is no name and no codec', () => {
    const codec = each((text: string) => text);
    expect(() => createCodecs().add('' as 'text', 'lines', codec)).toThrow('from must be a name, got an empty string');
    expect(() => createCodecs().add('text', 7 as never, codec as never)).toThrow('to must be a name, got a number');
    expect(() => createCodecs().add('text', 'lines', {} as never)).toThrow('codec must have a create method');
    expect(() => createCodecs().add('text', 'lines', undefined as never)).toThrow(TypeError);
  });
});
