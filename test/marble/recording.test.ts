import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createChunk } from 'sluice/chunk';
import {
  createRecording,
  marblesOf,
  readMarbles,
  type Recording,
  svgText,
  drawMarbles,
  writeMarbles,
} from 'sluice/marble';
import { dedupe, reorder } from 'sluice/operators';
import { marbles } from 'sluice/testing';

/** 0, then 2 and 3 early, 2 again, 1 asked for and come, 5 given up. */
function rough(): Recording {
  const recording = createRecording();
  recording.started(0);
  recording.arrived(0, 100);
  recording.delivered(0, 100);
  recording.credited(64, 101);
  recording.arrived(2, 102);
  recording.arrived(3, 103);
  recording.arrived(2, 104);
  recording.requested(1, 2);
  recording.arrived(1, 150);
  for (const seq of [1, 2, 3]) recording.delivered(seq, 150);
  recording.gave(4, 6, 152);
  recording.ended(true, 160);
  return recording;
}

const types = (recording: Recording) => recording.events.map((event) => event.type);

describe('createRecording', () => {
  it('finds out what was early, what came twice and what was repaired', () => {
    expect(types(rough())).toEqual([
      ...['arrived', 'delivered', 'credit', 'early', 'early', 'duplicate', 'repaired'],
      ...['delivered', 'delivered', 'delivered', 'gap', 'completed'],
    ]);
  });

  it('takes the first that arrives for the beginning where nobody says it', () => {
    const recording = createRecording();
    recording.arrived(7, 0);
    recording.arrived(7, 1);
    recording.arrived(6, 2);
    expect(types(recording)).toEqual(['arrived', 'duplicate', 'duplicate']);
  });

  it('knows no chunk that is behind a gap for early', () => {
    const recording = createRecording({ maxHeld: 2 });
    recording.arrived(0, 0);
    recording.delivered(0, 0);
    recording.gave(1, 100, 1);
    recording.arrived(100, 2);
    recording.arrived(50, 3);
    expect(types(recording)).toEqual(['arrived', 'delivered', 'gap', 'arrived', 'duplicate']);
  });

  it('takes none for early before which all others have come, delivered or not', () => {
    const recording = createRecording();
    recording.started(0);
    for (const seq of [0, 1, 2, 5, 4, 3, 6]) recording.arrived(seq, 0);
    expect(types(recording)).toEqual(['arrived', 'arrived', 'arrived', 'early', 'early', 'arrived', 'arrived']);
  });

  it('holds nothing any more when the reading begins again', () => {
    const recording = createRecording();
    recording.started(0);
    recording.arrived(1, 0);
    recording.started(0);
    recording.arrived(0, 1);
    recording.arrived(1, 1);
    expect(types(recording)).toEqual(['early', 'arrived', 'arrived']);
  });

  it('forgets the oldest', () => {
    const recording = createRecording({ maxEvents: 2, maxHeld: 1 });
    for (const seq of [0, 5, 6]) recording.arrived(seq, seq);
    expect(recording.events).toEqual([
      { type: 'early', seq: 5, at: 5 },
      { type: 'early', seq: 6, at: 6 },
    ]);
    recording.arrived(5, 7);
    expect(types(recording)).toEqual(['early', 'early']);
  });

  it('refuses bounds that are none', () => {
    expect(() => createRecording({ maxEvents: 0 })).toThrow('maxEvents');
    expect(() => createRecording({ maxHeld: -1 })).toThrow('maxHeld');
  });
});

describe('marblesOf', () => {
  it('draws what arrived above what was delivered', () => {
    const { lines } = writeMarbles(marblesOf(rough().events));
    expect(lines).toEqual({
      arrived: 'a-bcb 45ms d---------|',
      delivered: 'a 49ms (dbc)e----|',
    });
  });

  it('gives every letter its number', () => {
    const { notes } = marblesOf(rough().events);
    expect(notes.map(({ letter, text }) => `${letter} ${text}`)).toEqual([
      'a 0',
      'b 2',
      'c 3',
      'd 1',
      'e 4–5 given up',
    ]);
  });

  it('can be written, read and drawn again as the same picture', () => {
    const made = marblesOf(rough().events);
    const read = readMarbles(writeMarbles(made).texts);
    expect(writeMarbles(read)).toEqual(writeMarbles(made));
    expect(svgText(drawMarbles(read, { title: 't' }))).toContain('>d</text>');
  });

  it('is a test for the operators that did the same', () => {
    const recording = createRecording();
    const order = [1, 0, 1, 3, 2];
    const chunks = order.map((seq) => createChunk({ streamId: 's', seq, data: seq }));
    recording.started(0);
    of(...chunks)
      .pipe(dedupe(), reorder())
      .subscribe();
    recording.arrived(1, 0);
    recording.arrived(0, 1);
    for (const seq of [0, 1]) recording.delivered(seq, 1);
    recording.arrived(1, 2);
    recording.arrived(3, 3);
    recording.arrived(2, 4);
    for (const seq of [2, 3]) recording.delivered(seq, 4);
    recording.ended(true, 5);
    const { lines } = writeMarbles(marblesOf(recording.events));
    const values = Object.fromEntries(
      marblesOf(recording.events).notes.map(({ letter, text }) => [
        letter!,
        createChunk({ streamId: 's', seq: +text, data: +text, timestamp: 0 }),
      ]),
    );
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold(lines['arrived']!, values).pipe(dedupe(), reorder())).toBe(lines['delivered']!, values);
    });
  });

  it('keeps the times for a picture that is only looked at', () => {
    const recording = createRecording();
    for (const seq of [0, 1, 2]) recording.arrived(seq, 0);
    recording.arrived(3, 1);
    const frames = (spread: boolean) => marblesOf(recording.events, { spread }).lines[0]!.moments.map(({ at }) => at);
    expect([frames(true), frames(false)]).toEqual([
      [0, 5],
      [0, 1],
    ]);
  });

  it('has letters for as many chunks as are remembered', () => {
    const recording = createRecording({ maxEvents: 500 });
    for (let seq = 0; seq < 500; seq++) recording.arrived(seq, seq * 2);
    const made = marblesOf(recording.events);
    const letters = new Set(made.notes.map(({ letter }) => letter));
    expect([letters.size, letters.has('G')]).toEqual([500, false]);
    expect(readMarbles(writeMarbles(made).texts).notes).toHaveLength(500);
  });

  it('ends a line once, with an error where it failed', () => {
    const recording = createRecording();
    recording.arrived(0, 0);
    recording.ended(false, 1);
    recording.arrived(1, 2);
    expect(writeMarbles(marblesOf(recording.events)).lines).toEqual({ arrived: 'a#', delivered: '-#' });
  });

  it('makes an empty picture of nothing', () => {
    expect(writeMarbles(marblesOf([])).lines).toEqual({ arrived: '-', delivered: '-' });
  });

  it('names what a gap leaves out', () => {
    const recording = createRecording();
    recording.gave(3, 4, 0);
    expect(marblesOf(recording.events).notes).toMatchObject([{ text: '3 given up' }]);
  });
});
