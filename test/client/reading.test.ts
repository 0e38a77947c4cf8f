import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { textBodies } from '../bodies.js';
import { frameWords } from '../frame-words.js';
import { ReadingRecorder } from './recorder.js';

/** A reading with a window of 4 chunks and 100 bytes, and the same found at number 5. */
function stage(...args: ConstructorParameters<typeof ReadingRecorder>) {
  const reader = new ReadingRecorder(...args);
  const { reading } = reader;
  const asks = () => frameWords(reading.subscribe());
  return { reading, asks, told: () => reader.told() };
}
function found() {
  const made = stage('s', 5);
  made.asks();
  made.reading.subscribed(1, 5);
  made.told();
  return made;
}

describe('Reading', () => {
  it.each(['beginning', 'now', 7] as const)('asks for %s until it knows a number', (from) => {
    const { reading, asks } = stage('s', from);
    expect(asks()).toBe(`subscribe stream=s from=${from} chunks=4 bytes=100`);
    reading.disconnected();
    expect(asks()).toBe(`subscribe stream=s from=${from} chunks=4 bytes=100`);
    reading.subscribed(1, 9);
    expect(asks()).toBe('subscribe stream=s from=9 chunks=4 bytes=100');
  });

  it('holds a snapshot until it is consumed, and goes on behind it', () => {
    const { reading, asks, told } = stage('s', 'snapshot');
    expect(asks()).toBe('subscribe stream=s from=snapshot chunks=4 bytes=100');
    reading.subscribed(1, 9, 'snapshot');
    reading.snapshot(9, textBodies('x'.repeat(150))[0]!);
    expect(told()).toEqual(['started 9', `snapshot 8:${'x'.repeat(150)}`]);
    // It took no credit, and gives none back beyond a window.
    expect(reading.grant()).toEqual([1, 3, 0]);
    reading.consumed(1, 150);
    expect(reading.grant()).toEqual([1, 4, 100]);
    reading.disconnected();
    expect(asks()).toBe('subscribe stream=s from=9 chunks=4 bytes=100');
  });

  it('asks for no more than there is room for beside a snapshot', () => {
    const { reading, asks } = stage('s', 'snapshot');
    asks();
    reading.subscribed(1, 9, 'snapshot');
    reading.snapshot(9, textBodies('x'.repeat(150))[0]!);
    reading.disconnected();
    expect(asks()).toBe('subscribe stream=s from=9 chunks=3 bytes=0');
  });

  it('begins when it is found, and again when it was asked for anew', () => {
    const { reading, asks, told } = stage();
    asks();
    expect(reading.subscribed(1, 3)).toBe(true);
    reading.disconnected();
    reading.received(5, 2, 2);
    asks();
    expect(reading.subscribed(2, 5)).toBe(true);
    expect(told()).toEqual(['started 3', 'started 5']);
  });

  it('says which life of the stream it has begun with, and no other', () => {
    const { reading } = stage();
    expect(reading.subscribe().life).toBeUndefined();
    reading.subscribed(1, 3, undefined, 'first');
    reading.disconnected();
    expect(reading.subscribe().life).toBe('first');
    reading.subscribed(1, 3, undefined, 'second');
    expect(reading.subscribe().life).toBe('first');
  });

  it('is not found by an answer to another request', () => {
    const { reading, asks, told } = stage();
    asks();
    expect(reading.subscribed(1, 3, 3)).toBe(false);
    expect(told()).toEqual([]);
    expect(reading.subscribed(1, 3, 'beginning')).toBe(true);
    expect(told()).toEqual(['started 3']);
  });

  it('is not found below the number it asks for, and may be above', () => {
    const { reading, asks, told } = stage('s', 5);
    asks();
    expect(reading.subscribed(1, 4)).toBe(false);
    expect(reading.subscribed(1, 6)).toBe(true);
    expect(told()).toEqual(['started 6']);
  });

  it('counts how often it was asked for on one connection', () => {
    const { reading, asks } = stage();
    expect(reading.requests).toBe(0);
    asks();
    asks();
    expect(reading.requests).toBe(2);
    reading.disconnected();
    expect(reading).toMatchObject({ requests: 0, ch: undefined });
  });

  it('hands on chunks with their places, gaps, marks and the end', () => {
    const { reading, told } = found();
    reading.data(5, textBodies('a', 'b'));
    reading.gap(7, 9, 'trimmed');
    reading.mark(9);
    reading.end(9, 'completed', undefined);
    reading.end(9, 'cancelled', 'enough');
    reading.fail(new StreamError('internal', 'gone'));
    expect(told()).toEqual([
      '5:a',
      '6:b',
      'gap 7-9 trimmed',
      'mark 9',
      'end 9 completed',
      'end 9 cancelled the stream "s" was cancelled: enough',
      'failed internal',
    ]);
  });

  it('takes no chunk further ahead than its window', () => {
    const { reading, told } = found();
    reading.data(7, textBodies('c', 'd', 'e'));
    reading.data(9, textBodies('e'));
    reading.data(10, textBodies('f', 'g', 'h'));
    reading.data(1000, textBodies('x'));
    expect(told()).toEqual(['7:c', '8:d']);
    reading.received(6, 1, 1);
    reading.data(9, textBodies('e', 'f'));
    expect(told()).toEqual(['9:e']);
  });

  it('takes no more than a window, beside a snapshot, while nothing is consumed', () => {
    const { reading, told } = found();
    for (let seq = 5; seq < 100; seq++) {
      reading.data(seq, textBodies('x'));
      if (told().length > 0) reading.received(seq + 1, 1, 1);
    }
    expect(reading.subscribe()).toMatchObject({ from: 10, chunks: 0 });
    reading.subscribed(1, 10);
    reading.consumed(2, 2);
    told();
    reading.data(10, textBodies('a', 'b', 'c'));
    expect(told()).toEqual(['10:a', '11:b']);
  });

  describe('credit', () => {
    it('is the window less what was received and not consumed', () => {
      const { reading, asks } = found();
      reading.received(6, 1, 30);
      reading.received(7, 1, 30);
      reading.consumed(1, 30);
      expect(asks()).toBe('subscribe stream=s from=7 chunks=3 bytes=70');
    });

    it('counts what went beyond the window until it is consumed', () => {
      const { reading, asks } = found();
      reading.received(6, 1, 90);
      reading.received(7, 1, 90);
      expect(asks()).toBe('subscribe stream=s from=7 chunks=2 bytes=0');
      reading.subscribed(2, 7);
      reading.consumed(1, 90);
      expect(reading.due).toBe(true);
      expect(reading.grant()).toEqual([2, 3, 10]);
      reading.consumed(1, 90);
      expect(reading.grant()).toEqual([2, 4, 100]);
    });

    it.each([
      [1, 1, false],
      [2, 2, true],
      [1, 49, false],
      [1, 50, true],
    ])('is due after %i chunks of %i bytes together: %s', (chunks, bytes, due) => {
      const { reading } = found();
      reading.received(5 + chunks, chunks, bytes);
      reading.consumed(chunks, bytes);
      expect(reading.due).toBe(due);
      expect(reading.grant()).toEqual([1, 4 + chunks, 100 + bytes]);
      expect(reading.due).toBe(false);
    });

    it('is not due to a server that has not found the stream', () => {
      const { reading, asks } = stage();
      asks();
      reading.consumed(4, 4);
      expect(reading.due).toBe(false);
      expect(reading.grant()).toBeUndefined();
    });
  });

  describe('leaks', () => {
    it('by chunks that were sent and will not come', () => {
      const { reading } = found();
      reading.data(5, textBodies('a', 'b', 'c'));
      reading.gap(6, 7, 'trimmed');
      expect(reading.leaks).toBe(true);
    });

    it('by chunks of which a mark tells that they were sent', () => {
      const { reading } = found();
      reading.mark(7);
      reading.gap(6, 7, 'trimmed');
      expect(reading.leaks).toBe(true);
    });

    it('not by chunks that were never sent', () => {
      const { reading, asks } = found();
      reading.data(5, textBodies('a'));
      reading.gap(6, 10, 'trimmed');
      reading.gap(10, 12, 'trimmed');
      expect(reading.leaks).toBe(false);
      reading.gap(11, 12, 'trimmed');
      expect(reading.leaks).toBe(true);
      asks();
      expect(reading.leaks).toBe(false);
    });
  });
});
