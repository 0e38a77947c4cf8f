import { describe, expect, it } from 'vitest';
import { Reader, type ReaderSettings } from '../../src/client/reader.js';
import { Reading } from '../../src/client/reading.js';
import { type Chunk, chunkOf, End, endError, type EndStatus, Gap, Mark, StreamError } from '../../src/chunk/index.js';
import type { ProbeEvent } from '../../src/probe/index.js';
import { textBody } from '../bodies.js';
import { VirtualTime } from '../virtual-time.js';

const chunks = (...seqs: number[]): Chunk[] => seqs.map((seq) => chunkOf('s', seq, textBody(`${seq}`)));
const end = (seq: number, status: EndStatus = 'completed') => new End('s', seq, status, endError('s', status));

/** A reader that begins at number 3, and what it tells: the consumer and the connection. */
function stage(settings: Partial<ReaderSettings> = {}) {
  const time = new VirtualTime();
  const told: string[] = [];
  const reader = new Reader(
    {
      received: (next, count, bytes) => void told.push(`received ${next} ${count} ${bytes}`),
      request: (ranges) => void told.push(`request ${ranges.map(({ from, to }) => `${from}-${to}`).join(' ')}`),
    },
    { window: { chunks: 4, bytes: 100 }, gapMs: 50, onGap: 'error', scheduler: time, probe: undefined, ...settings },
  );
  reader.chunks.subscribe({
    next: ({ data }) => void told.push(String(data)),
    error: (error: StreamError) => void told.push(`failed ${error.code}`),
    complete: () => void told.push('completed'),
  });
  const tells = () => told.splice(0);
  return { time, reader, tells };
}
function begun(settings: Partial<ReaderSettings> = {}) {
  const made = stage(settings);
  made.reader.started(3);
  return made;
}

describe('Reader', () => {
  it('is what a Reading tells', () => {
    const { reader, tells } = stage();
    const reading = new Reading('s', 3, { chunks: 4, bytes: 100 }, reader);
    reading.subscribe(0);
    reading.subscribed(1, 3);
    reading.data(3, [textBody('a')]);
    reading.end(4, 'completed', undefined);
    expect(tells()).toEqual(['received 4 1 1', 'a', 'completed']);
  });

  it('hands on chunks in order, and notes how far it has come before each', () => {
    const { reader, tells } = begun();
    reader.items(chunks(3, 4));
    expect(tells()).toEqual(['received 4 1 1', '3', 'received 5 1 1', '4']);
  });

  it('holds early ones and drops repeated ones', () => {
    const { reader, tells } = begun();
    reader.items(chunks(5, 4, 5, 6));
    expect(tells()).toEqual([]);
    reader.items(chunks(3, 3, 5));
    expect(tells()).toEqual([
      'received 4 1 1',
      '3',
      'received 5 1 1',
      '4',
      'received 6 1 1',
      '5',
      'received 7 1 1',
      '6',
    ]);
  });

  it('lets go of what waits when it begins again: it comes once more, and is granted once more', () => {
    const { reader, tells } = begun();
    reader.items(chunks(3, 5, 6));
    expect(tells()).toEqual(['received 4 1 1', '3']);
    reader.started(4);
    reader.items([new Gap('s', 4, 6, 'dropped'), ...chunks(3)]);
    expect(tells()).toEqual(['received 6 0 0', 'failed gap']);
    const other = begun({ onGap: 'skip' });
    other.reader.items(chunks(5));
    other.reader.started(3);
    other.reader.items([new Gap('s', 3, 7, 'trimmed'), ...chunks(7)]);
    expect(other.tells()).toEqual(['received 7 0 0', 'received 8 1 1', '7']);
  });

  it('asks for what is missing, again and again', async () => {
    const { time, reader, tells } = begun();
    reader.items(chunks(4, 6));
    await time.pass(49);
    expect(tells()).toEqual([]);
    await time.pass(1);
    expect(tells()).toEqual(['request 3-4 5-6']);
    reader.items(chunks(3));
    tells();
    await time.pass(50);
    expect(tells()).toEqual(['request 5-6']);
    await time.pass(5000);
    expect(tells()).toHaveLength(100);
    reader.items(chunks(5));
    tells();
    await time.pass(500);
    expect(tells()).toEqual([]);
  });

  it('learns from a mark and from the end what is missing at the tail', async () => {
    const { time, reader, tells } = begun();
    reader.items([new Mark('s', 5)]);
    await time.pass(50);
    expect(tells()).toEqual(['request 3-5']);
    reader.items([end(6)]);
    await time.pass(50);
    expect(tells()).toEqual(['request 3-5 5-6']);
    reader.items(chunks(5, 4, 3));
    expect(tells().filter((words) => !words.startsWith('received'))).toEqual(['3', '4', '5', 'completed']);
  });

  it.each([
    ['completed', 'completed'],
    ['failed', 'failed stream-failed'],
    ['cancelled', 'failed stream-cancelled'],
  ] as const)('ends as the stream does: %s', (status, told) => {
    const { reader, tells } = begun();
    reader.items([...chunks(3), end(4, status)]);
    expect(tells()).toEqual(['received 4 1 1', '3', told]);
    reader.items(chunks(4));
    expect(tells()).toEqual([]);
  });

  it('fails with chunks that will not come, or goes on behind them', () => {
    const gap = new Gap('s', 4, 9, 'trimmed');
    const strict = begun();
    strict.reader.items([...chunks(3), gap, ...chunks(9)]);
    expect(strict.tells()).toEqual(['received 4 1 1', '3', 'received 9 0 0', 'failed gap']);
    const lenient = begun({ onGap: 'skip' });
    lenient.reader.items([...chunks(3), gap, ...chunks(9)]);
    expect(lenient.tells()).toEqual(['received 4 1 1', '3', 'received 9 0 0', 'received 10 1 1', '9']);
  });

  it('fails when the reading does, with what waits for others left out', async () => {
    const { time, reader, tells } = begun();
    reader.items(chunks(4));
    reader.failed(new StreamError('connection-lost', 'gone'));
    await time.pass(200);
    expect(tells()).toEqual(['failed connection-lost']);
  });

  it('fails, too, before it has begun', () => {
    const { reader, tells } = stage();
    reader.failed(new StreamError('stream-not-found', 'no'));
    expect(tells()).toEqual(['failed stream-not-found']);
    reader.stop();
  });

  it('is silent once it was stopped, and keeps no timer', async () => {
    const { time, reader, tells } = begun();
    reader.items(chunks(4));
    reader.stop();
    reader.items(chunks(3, 5));
    await time.pass(200);
    expect(tells()).toEqual([]);
  });

  it.each([1, 3, 100])('holds a whole window of %i chunks, whatever is missing in front', (count) => {
    const { reader, tells } = begun({ window: { chunks: count, bytes: 1 << 30 } });
    const rest = Array.from({ length: count - 1 }, (_, i) => 4 + i);
    const large = rest.map((seq) => ({ ...chunks(seq)[0]!, size: 1 << 20 }));
    reader.items(large.toReversed());
    expect(tells()).toEqual([]);
    reader.items(chunks(3));
    expect(tells()).toHaveLength(2 * count);
  });

  it('reports to a probe', () => {
    const events: ProbeEvent['type'][] = [];
    const { reader } = begun({ probe: ({ type }) => void events.push(type) });
    reader.items(chunks(4, 4, 3));
    expect(events).toEqual(['hole', 'duplicate', 'repaired']);
  });
});
