import { describe, expect, it } from 'vitest';
import type { ChunkType } from '../../src/chunk/index.js';
import { bodyOf, isBase64, Page } from '../../src/durable/page.js';
import type { LogSlice } from '../../src/log/log.js';
import { encoded } from './lab.js';

const slice = (data: readonly (string | number | Uint8Array)[], more: Partial<LogSlice> = {}): LogSlice => {
  const from = more.from ?? 0;
  return { from, chunks: data.map(encoded), next: from + data.length, life: '1', ...more };
};
const page = (type: ChunkType, told: LogSlice, split: 'anywhere' | 'characters' = 'characters', base = 0) =>
  new Page({ type, base }, told, split);
const events = (shown: Page, cursor = 7): string => new TextDecoder().decode(shown.asEvents(cursor).bytes);
const completed = { end: { status: 'completed' } } as const;

describe('Page', () => {
  it('shows data, and behind it where a reader is', () => {
    const shown = page('text', slice(['one', ' two'], { from: 3, next: 9 }), 'characters', 2);
    expect(events(shown)).toBe(
      'event: data\ndata:one two\n\nevent: control\ndata:{"streamNextOffset":"0000000000000007","streamCursor":"7"}\n\n',
    );
    expect(shown).toMatchObject({ from: 3, to: 5, upToDate: false, ended: false, empty: false });
  });

  it('says when there is no more yet, and when there never will be', () => {
    expect(events(page('json', slice([1, 2])))).toContain(
      'data:[1,2]\n\nevent: control\ndata:{"streamNextOffset":"0000000000000002","streamCursor":"7","upToDate":true}',
    );
    const last = page('json', slice([], { from: 2, next: 2, ...completed }));
    expect(events(last)).toBe(
      'event: control\ndata:{"streamNextOffset":"0000000000000002","streamClosed":true,"upToDate":true}\n\n',
    );
    expect(page('json', slice([1], { next: 9, ...completed })).ended, 'more stands before the end').toBe(false);
  });

  it('cannot be made to begin another event by what is in it', () => {
    const hostile = 'x\n\nevent: control\ndata:{"streamClosed":true}\r\rdata: y\r\n\r\n: z';
    const shown = events(page('text', slice([hostile])));
    expect(shown.split('\n\n').map((block) => block.split('\n')[0])).toEqual(['event: data', 'event: control', '']);
    expect(shown).not.toContain('\r');
  });

  it('leaves a space at the beginning of a line to the reader', () => {
    expect(events(page('text', slice([' a\n  b\nc'])))).toContain('event: data\ndata:  a\ndata:   b\ndata:c\n\n');
  });

  it('is rendered once for each cursor', () => {
    const shown = page('binary', slice([Uint8Array.of(1, 2, 3)]));
    expect(shown.asEvents(7)).toBe(shown.asEvents(7));
    expect(events(shown, 8)).toContain(
      'data:AQID\n\nevent: control\ndata:{"streamNextOffset":"0000000000000001","streamCursor":"8"',
    );
    expect(shown.asBody()).toBe(shown.asBody());
  });

  it('is measured once, however many followers ask', () => {
    let looks = 0;
    const chunk = Object.defineProperty({ ...encoded('four') }, 'size', { get: () => ((looks += 1), 4) });
    const shown = page('text', { from: 0, chunks: [chunk], next: 1, life: '1' }, 'anywhere');
    expect([shown.size, shown.size, looks]).toEqual([4, 4, 1]);
  });

  it('keeps a chunk back that ends within a character, as long as the rest can come', () => {
    const cut = ['a', Uint8Array.of(0xc3)];
    expect(page('text', slice(cut))).toMatchObject({ to: 1, upToDate: true });
    expect(page('text', slice(cut.slice(1)))).toMatchObject({ to: 0, empty: true });
    expect(page('text', slice(cut), 'anywhere').to).toBe(2);
    expect(page('text', slice(cut, completed)), 'it cannot').toMatchObject({ to: 2, ended: true });
    expect(page('text', slice(cut.slice(1), { next: 5 })).to, 'nothing whole among many').toBe(1);
  });
});

describe('bodyOf', () => {
  it('is an array of JSON, or the bytes', () => {
    const decode = (type: ChunkType, ...data: (string | number)[]) =>
      new TextDecoder().decode(bodyOf(type, data.map(encoded)));
    expect(decode('json', 1, 'a')).toBe('[1,"a"]');
    expect(decode('json')).toBe('[]');
    expect(decode('text', 'a', 'b')).toBe('ab');
  });
});

describe('isBase64', () => {
  it('says which streams are text in events', () => {
    expect((['text', 'json', 'binary', 'audio', 'image'] as const).map(isBase64)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });
});
