import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Reader, type ReaderSettings } from '../../src/client/reader.js';
import { Reading } from '../../src/client/reading.js';
import { type Chunk, chunkOf, endError, type StreamError } from '../../src/chunk/index.js';
import { textBody } from '../bodies.js';

const chunks = (...seqs: number[]): Chunk[] => seqs.map((seq) => chunkOf('s', seq, textBody(`${seq}`)));

/** A reader that begins at number 3, and what it tells: the consumer and the connection. */
function begun(settings: Partial<ReaderSettings> = {}) {
  const told: string[] = [];
  const output = new Subject<Chunk>();
  const reader = new Reader(
    {
      received: (next, count, bytes) => void told.push(`received ${next} ${count} ${bytes}`),
      request: (ranges) => void told.push(`request ${ranges.map(({ from, to }) => `${from}-${to}`).join(' ')}`),
    },
    { streamId: 's', onGap: 'error', joined: (seq) => void told.push(`joined ${seq}`), ...settings },
    output,
  );
  output.subscribe({
    next: ({ data }) => void told.push(String(data)),
    error: (error: StreamError) => void told.push(`failed ${error.code}: ${error.message}`),
    complete: () => void told.push('completed'),
  });
  const tells = () => told.splice(0);
  reader.started(3);
  return { reader, output, tells };
}

describe('Reader', () => {
  it('is what a Reading tells', () => {
    const { reader, tells } = begun();
    const reading = new Reading('s', 3, { chunks: 4, bytes: 100 }, reader);
    reading.subscribe();
    reading.subscribed(1, 3);
    reading.data(3, [textBody('a')]);
    reading.end(4, 'completed', undefined);
    expect(tells()).toEqual(['joined 3', 'joined 3', 'received 4 1 1', 'a', 'completed']);
  });

  it('hands on chunks in order, and notes how far it has come before each', () => {
    const { reader, tells } = begun();
    reader.chunks(chunks(3, 4));
    expect(tells()).toEqual(['joined 3', 'received 4 1 1', '3', 'received 5 1 1', '4']);
  });

  it('hands on a snapshot as it is: it stands before the first', () => {
    const { reader, tells } = begun({ joined: undefined });
    reader.snapshot(chunks(2)[0]!);
    expect(tells()).toEqual(['2']);
  });

  it('drops what it has had', () => {
    const { reader, tells } = begun({ joined: undefined });
    reader.chunks(chunks(2, 3, 3));
    reader.chunks(chunks(3, 4));
    expect(tells()).toEqual(['received 4 1 1', '3', 'received 5 1 1', '4']);
  });

  it('asks for what is missing before a chunk, a mark, a gap and the end', () => {
    const { reader, tells } = begun({ joined: undefined });
    reader.chunks(chunks(5));
    reader.mark(3);
    reader.mark(4);
    reader.gap(6, 8, 'trimmed');
    reader.end(9, 'completed', undefined);
    expect(tells()).toEqual(['request 3-5', 'request 3-4', 'request 3-6', 'request 3-9']);
  });

  it('goes on where it was when the stream begins anew', () => {
    const { reader, tells } = begun();
    reader.chunks(chunks(3, 5));
    reader.end(6, 'completed', undefined);
    tells();
    reader.started(4);
    reader.chunks(chunks(4, 5));
    expect(tells()).toEqual(['joined 4', 'received 5 1 1', '4', 'received 6 1 1', '5']);
    reader.end(6, 'completed', undefined);
    expect(tells()).toEqual(['completed']);
  });

  it('fails with the stream, and is silent from then on', () => {
    const { reader, tells } = begun({ joined: undefined });
    reader.end(3, 'failed', endError('s', 'failed', 'no more'));
    reader.chunks(chunks(3));
    reader.mark(9);
    reader.gap(3, 5, 'trimmed');
    reader.end(3, 'completed', undefined);
    expect(tells()).toEqual(['failed stream-failed: the stream "s" failed: no more']);
  });

  it('fails with a gap, or goes on behind it', () => {
    const { reader, tells } = begun({ joined: undefined });
    reader.gap(3, 5, 'dropped');
    expect(tells()).toEqual([
      'received 5 0 0',
      'failed gap: receive: chunks 3 to 4 of "s" will not come: dropped on the way',
    ]);
    const other = begun({ joined: undefined, onGap: 'skip' });
    other.reader.gap(2, 5, 'trimmed');
    other.reader.gap(3, 5, 'trimmed');
    other.reader.chunks(chunks(5));
    other.reader.gap(6, 7, 'trimmed');
    other.reader.end(7, 'completed', undefined);
    expect(other.tells()).toEqual(['received 5 0 0', 'received 6 1 1', '5', 'received 7 0 0', 'completed']);
  });

  it('hands on nothing after the consumer has left', () => {
    const { reader, output, tells } = begun({ joined: undefined });
    output.subscribe(() => reader.stop());
    reader.chunks(chunks(3, 4));
    reader.end(4, 'completed', undefined);
    expect(tells()).toEqual(['received 4 1 1', '3']);
  });
});
