import { describe, expect, it } from 'vitest';
import { type EncodedChunk } from '../../../src/chunk/index.js';
import { BadFrame, type OutgoingFrame, type ServerFrame } from '../../../src/protocol/index.js';
import { drawPicture, type Film } from '../../../src/testing/simulate/picture.js';
import type { Reader } from '../../../src/testing/simulate/reader.js';
import type { Written } from '../../../src/testing/simulate/truth.js';
import type { Fate, WireEvent } from '../../../src/testing/simulate/wire.js';
import type { Writer } from '../../../src/testing/simulate/writer.js';

const encoded: EncodedChunk = { head: '', bytes: undefined, size: 1, length: 1 };
const bodies = (count: number) => Array.from({ length: count }, () => encoded);

const sent = (at: number, direction: 'toServer' | 'toClient', fate: Fate, ...frames: OutgoingFrame[]): WireEvent => ({
  kind: 'sent',
  at,
  client: 0,
  direction,
  frames,
  fate,
});
const arrived = (at: number, ...frames: unknown[]): WireEvent => ({
  kind: 'arrived',
  at,
  client: 0,
  direction: 'toClient',
  frames: frames as ServerFrame[],
});
const data = (seq: number, count: number): OutgoingFrame => ({ t: 'data', ch: 4, seq, chunks: bodies(count) });
const subscribed: OutgoingFrame = { t: 'subscribed', stream: 's', ch: 4, seq: 0 };

function written(index: number, at: number, seq?: number): Written {
  return { writer: 'w0', index, at, kept: seq === undefined ? undefined : { at: at + 1, seq } };
}

/** Chunks 0 to 4 from `w0`; 2 is lost at first, asked for, and comes with the answer. */
function film(changes: Partial<Film> = {}): Film {
  const chunks = Array.from({ length: 5 }, (_, seq) => written(seq, seq < 3 ? 10 : 30, seq));
  const writer = {
    plan: { name: 'w0' },
    calls: [
      { at: 10, chunks: chunks.slice(0, 3), answer: { at: 14, refused: undefined } },
      { at: 30, chunks: chunks.slice(3), answer: { at: 34, refused: undefined } },
      { at: 40, chunks: [written(5, 40)], answer: { at: 41, refused: 'stream-closed' } },
    ],
  } as unknown as Writer;
  const reader = {
    plan: { name: 'r0', client: 0 },
    begunAt: 1,
    next: 5,
    got: [0, 1, 2, 3, 4].map((seq) => ({ at: seq < 2 ? 13 : 60, seq })),
    ending: { at: 61, how: 'completed' },
  } as unknown as Reader;
  const events: WireEvent[] = [
    { kind: 'connects', at: 1, client: 0 },
    { kind: 'opened', at: 2, client: 0 },
    sent(3, 'toServer', 'carried', { t: 'subscribe', stream: 's', from: 0, chunks: 9, bytes: 9 }),
    sent(4, 'toClient', 'carried', subscribed),
    arrived(5, subscribed),
    sent(11, 'toClient', 'carried', data(0, 2)),
    sent(11.5, 'toClient', 'lost', data(2, 1)),
    arrived(13, data(0, 2)),
    sent(31, 'toClient', 'twice', data(3, 2)),
    arrived(33, data(3, 2), new BadFrame(new Error('') as never, undefined, undefined, 4, undefined)),
    { ...arrived(33, data(0, 5)), client: 1 },
    sent(50, 'toServer', 'late', { t: 'nack', ch: 4, ranges: [[2, 3]] }),
    sent(58, 'toClient', 'carried', data(2, 1), { t: 'end', ch: 4, seq: 5, status: 'completed' }),
    arrived(60, data(2, 1), { t: 'end', ch: 4, seq: 5, status: 'completed' }),
    { kind: 'closed', at: 61, client: 0 },
  ];
  return {
    stream: {
      name: 's',
      chunks: chunks.map((one) => ({ encoded, written: one })),
      first: 0,
      trims: [],
      end: { status: 'completed' },
      closing: true,
      oversized: false,
    },
    writers: [writer],
    reader,
    client: 'c0',
    events,
    ...changes,
  };
}

describe('drawPicture', () => {
  it('shows the way of the chunks, a line for each stage', () => {
    expect(drawPicture(film(), { seq: 2, at: 61 }, 100)).toEqual([
      's to r0: a to k are chunks 0 to 10',
      'x lost   ~ late   2 twice   ! never left, or link gone   + link open   ? asked for again   ^ begins   | end   * what the oracle saw',
      '',
      'ms           1 2 3  10    11      13   14     30   31    33   34    50   58  60  61',
      'w0 writes   --------(abc)---------------------(de)--------------------------------',
      'log keeps   --------------abc----------------------de-----------------------------',
      'w0 hears    ---------------------------(abc)------------------(de)----------------',
      'to c0       --------------(ab),xc------------------2(de)-----------------c,|------',
      'at c0       ----------------------(ab)-------------------(de)----------------c,|--',
      'c0 asks     -----^--------------------------------------------------~?c-----------',
      'r0 gets     -^--------------------ab-----------------------------------------cde-|',
      "c0's links  ---+-----------------------------------------------------------------!",
      'seen        ---------------------------------------------------------------------*',
    ]);
  });

  it('shows nothing that came after what was seen', () => {
    const lines = drawPicture(film(), { seq: 2, at: 33 }, 100);
    expect(lines.find((line) => line.startsWith('r0 gets'))).not.toContain('c');
    expect(lines.find((line) => line.startsWith('c0 asks'))).not.toContain('?');
    expect(lines.at(-1)).toMatch(/^seen +-+\*-*$/);
  });

  it('shows what of a call was kept, what was refused, and where the log was trimmed', () => {
    const { writers, stream, ...rest } = film();
    const calls = [
      { at: 10, chunks: [written(0, 10, 0), written(1, 10)], answer: { at: 20, refused: 'stream-closed' } },
    ];
    const writer = { plan: { name: 'w0' }, calls } as unknown as Writer;
    const trimmed = { ...stream, trims: [{ at: 15, first: 1 }] };
    const lines = drawPicture({ ...rest, writers: [writer], stream: trimmed }, { seq: 0, at: 25 }, 100);
    expect(lines.find((line) => line.startsWith('w0 writes'))).toContain('(a·)');
    expect(lines.find((line) => line.startsWith('w0 hears'))).toContain('#');
    expect(lines.find((line) => line.startsWith('log keeps'))).toContain('T');
    expect(lines[1]).toContain('· not kept');
    expect(writers).toHaveLength(1);
  });

  it('shows gaps, and who leaves', () => {
    const gap: OutgoingFrame = { t: 'gap', ch: 4, from: 1, to: 3, reason: 'trimmed' };
    const events = [
      sent(1, 'toClient', 'carried', subscribed),
      sent(2, 'toClient', 'cut', gap),
      sent(3, 'toServer', 'carried', { t: 'unsubscribe', ch: 4 }),
    ];
    const reader = { ...film().reader, ending: { at: 4, how: 'left' } } as Reader;
    const lines = drawPicture(film({ events, reader }), { seq: 2, at: 61 }, 100);
    expect(lines.find((line) => line.startsWith('to c0'))).toContain('!G(bc)');
    expect(lines.find((line) => line.startsWith('c0 asks'))).toContain('v');
    expect(lines.find((line) => line.startsWith('r0 gets'))).toContain('v');
  });

  it('shows fewer chunks where all do not fit', () => {
    const wide = drawPicture(film(), { seq: 2, at: 61 }, 160);
    const narrow = drawPicture(film(), { seq: 2, at: 61 }, 70);
    expect(wide[0]).toBe('s to r0: a to k are chunks 0 to 10');
    expect(narrow[0]).toBe('s to r0: a to c are chunks 1 to 3');
    for (const line of narrow.slice(3)) expect(line.length).toBeLessThanOrEqual(70);
  });

  it('does without a reader, and without a number', () => {
    const lines = drawPicture(film({ reader: undefined }), { at: 61 }, 100);
    expect(lines[0]).toBe('s: a to m are chunks 0 to 12');
    expect(lines.some((line) => line.includes('c0'))).toBe(false);
    expect(drawPicture(film(), { at: 61 }, 160)[0]).toBe('s to r0: a to n are chunks 0 to 13');
  });
});
