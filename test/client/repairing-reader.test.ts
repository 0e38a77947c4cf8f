import fc from 'fast-check';
import { Subject, tap } from 'rxjs';
import { dedupe, gapTimeout, reorder, unwrap } from 'sluice/operators';
import { describe, expect, it } from 'vitest';
import { RepairingReader, type RepairingReaderSettings } from '../../src/client/repairing-reader.js';
import { Reading } from '../../src/client/reading.js';
import {
  type Chunk,
  chunkOf,
  End,
  endError,
  type EndStatus,
  Gap,
  isNotice,
  Mark,
  type Notice,
  type Range,
  StreamError,
} from '../../src/chunk/index.js';
import type { ProbeEvent } from '../../src/probe/index.js';
import { textBody } from '../bodies.js';
import { VirtualTime } from '../virtual-time.js';

const chunks = (...seqs: number[]): Chunk[] => seqs.map((seq) => chunkOf('s', seq, textBody(`${seq}`)));
const end = (seq: number, status: EndStatus = 'completed') => new End('s', seq, status, endError('s', status));

/** Tells a reader what has come. */
function feed(reader: RepairingReader, items: readonly (Chunk | Notice)[]): void {
  for (const item of items) {
    if (!isNotice(item)) reader.chunks([item]);
    else if (item instanceof Gap) reader.gap(item.from, item.to, item.reason);
    else if (item instanceof End) reader.end(item.seq, item.status, item.error);
    else reader.mark(item.seq);
  }
}

/** A reader that begins at number 3, and what it tells: the consumer and the connection. */
function stage(settings: Partial<RepairingReaderSettings> = {}) {
  const time = new VirtualTime();
  const told: string[] = [];
  const output = new Subject<Chunk>();
  const reader = new RepairingReader(
    {
      received: (next, count, bytes) => void told.push(`received ${next} ${count} ${bytes}`),
      request: (ranges) => void told.push(`request ${ranges.map(({ from, to }) => `${from}-${to}`).join(' ')}`),
    },
    { streamId: 's', gapMs: 50, onGap: 'error', scheduler: time, probe: undefined, joined: undefined, ...settings },
    output,
  );
  output.subscribe({
    next: ({ data }) => void told.push(String(data)),
    error: (error: StreamError) => void told.push(`failed ${error.code}`),
    complete: () => void told.push('completed'),
  });
  const tells = () => told.splice(0);
  return { time, reader, output, tells };
}
function begun(settings: Partial<RepairingReaderSettings> = {}) {
  const made = stage(settings);
  made.reader.started(3);
  return made;
}

describe('RepairingReader', () => {
  it('is what a Reading tells', () => {
    const { reader, tells } = stage();
    const reading = new Reading('s', 3, { chunks: 4, bytes: 100 }, reader);
    reading.subscribe();
    reading.subscribed(1, 3);
    reading.data(3, [textBody('a')]);
    reading.end(4, 'completed', undefined);
    expect(tells()).toEqual(['received 4 1 1', 'a', 'completed']);
  });

  it('hands on chunks in order, and notes how far it has come before each', () => {
    const { reader, tells } = begun();
    feed(reader, chunks(3, 4));
    expect(tells()).toEqual(['received 4 1 1', '3', 'received 5 1 1', '4']);
  });

  it('hands on a snapshot as it is: it stands before the first', () => {
    const { reader, tells } = begun();
    reader.snapshot(chunks(2)[0]!);
    feed(reader, chunks(3));
    expect(tells()).toEqual(['2', 'received 4 1 1', '3']);
  });

  it('holds early ones and drops repeated ones', () => {
    const { reader, tells } = begun();
    feed(reader, chunks(5, 4, 5, 6));
    expect(tells()).toEqual([]);
    feed(reader, chunks(3, 3, 5));
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
    feed(reader, chunks(3, 5, 6));
    expect(tells()).toEqual(['received 4 1 1', '3']);
    reader.started(4);
    feed(reader, [new Gap('s', 4, 6, 'dropped'), ...chunks(3)]);
    expect(tells()).toEqual(['received 6 0 0', 'failed gap']);
    const other = begun({ onGap: 'skip' });
    feed(other.reader, chunks(5));
    other.reader.started(3);
    feed(other.reader, [new Gap('s', 3, 7, 'trimmed'), ...chunks(7)]);
    expect(other.tells()).toEqual(['received 7 0 0', 'received 8 1 1', '7']);
  });

  it('asks for what is missing, again and again', async () => {
    const { time, reader, tells } = begun();
    feed(reader, chunks(4, 6));
    await time.pass(49);
    expect(tells()).toEqual([]);
    await time.pass(1);
    expect(tells()).toEqual(['request 3-4 5-6']);
    feed(reader, chunks(3));
    tells();
    await time.pass(50);
    expect(tells()).toEqual(['request 5-6']);
    await time.pass(5000);
    expect(tells()).toHaveLength(100);
    feed(reader, chunks(5));
    tells();
    await time.pass(500);
    expect(tells()).toEqual([]);
  });

  it('learns from a mark and from the end what is missing at the tail', async () => {
    const { time, reader, tells } = begun();
    feed(reader, [new Mark('s', 5)]);
    await time.pass(50);
    expect(tells()).toEqual(['request 3-5']);
    feed(reader, [end(6)]);
    await time.pass(50);
    expect(tells()).toEqual(['request 3-5 5-6']);
    feed(reader, chunks(5, 4, 3));
    expect(tells().filter((words) => !words.startsWith('received'))).toEqual(['3', '4', '5', 'completed']);
  });

  it.each([
    ['completed', 'completed'],
    ['failed', 'failed stream-failed'],
    ['cancelled', 'failed stream-cancelled'],
  ] as const)('ends as the stream does: %s', (status, told) => {
    const { reader, tells } = begun();
    feed(reader, [...chunks(3), end(4, status)]);
    expect(tells()).toEqual(['received 4 1 1', '3', told]);
    feed(reader, chunks(4));
    expect(tells()).toEqual([]);
  });

  it('fails with chunks that will not come, or goes on behind them', () => {
    const gap = new Gap('s', 4, 9, 'trimmed');
    const strict = begun();
    feed(strict.reader, [...chunks(3), gap, ...chunks(9)]);
    expect(strict.tells()).toEqual(['received 4 1 1', '3', 'received 9 0 0', 'failed gap']);
    const lenient = begun({ onGap: 'skip' });
    feed(lenient.reader, [...chunks(3), gap, ...chunks(9)]);
    expect(lenient.tells()).toEqual(['received 4 1 1', '3', 'received 9 0 0', 'received 10 1 1', '9']);
  });

  it('fails when the reading does, with what waits for others left out', async () => {
    const { time, reader, tells } = begun();
    feed(reader, chunks(4));
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
    feed(reader, chunks(4));
    reader.stop();
    feed(reader, chunks(3, 5));
    await time.pass(200);
    expect(tells()).toEqual([]);
  });

  it.each([1, 3, 100])('holds a whole window of %i chunks, whatever is missing in front', (count) => {
    const { reader, tells } = begun();
    const rest = Array.from({ length: count - 1 }, (_, i) => 4 + i);
    const large = rest.map((seq) => ({ ...chunks(seq)[0]!, size: 1 << 20 }));
    feed(reader, large.toReversed());
    expect(tells()).toEqual([]);
    feed(reader, chunks(3));
    expect(tells()).toHaveLength(2 * count);
  });

  it('reports to a probe', () => {
    const events: ProbeEvent['type'][] = [];
    const { reader } = begun({ probe: ({ type }) => void events.push(type) });
    feed(reader, chunks(4, 4, 3));
    expect(events).toEqual(['hole', 'duplicate', 'repaired']);
  });

  it('says which chunks came late, behind the gap that gave them up', () => {
    const events: string[] = [];
    const { reader } = begun({
      onGap: 'skip',
      probe: (event) =>
        void events.push(`${event.type} ${'seq' in event ? event.seq : 'from' in event ? event.from : ''}`),
    });
    for (let from = 3; from < 203; from += 2)
      feed(reader, [new Gap('s', from, from + 1, 'dropped'), ...chunks(from + 1)]);
    // The oldest of a hundred gaps is forgotten.
    feed(reader, chunks(201, 4, 3));
    expect(events.slice(0, 2)).toEqual(['gap 3', 'gap 5']);
    expect(events.slice(100)).toEqual(['late 201', 'duplicate 4', 'duplicate 3']);
  });

  it('fails when more gaps are announced than any honest server has', () => {
    const { reader, tells } = begun();
    for (let from = 5; from < 5000; from += 2) feed(reader, [new Gap('s', from, from + 1, 'dropped')]);
    expect(tells()).toEqual(['failed overflow']);
  });

  it('lets its consumer stop it, and feed it, while it is being called', () => {
    const { reader, output, tells } = begun();
    const stopping = output.subscribe(({ seq }) => {
      if (seq === 3) feed(reader, chunks(5, 4));
      if (seq === 5) reader.stop();
    });
    feed(reader, chunks(3, 6));
    expect(tells().filter((words) => !words.startsWith('received'))).toEqual(['3', '4', '5']);
    stopping.unsubscribe();
  });

  it('does what dedupe, gapTimeout, reorder and unwrap do one behind the other', async () => {
    const item = fc.oneof(
      { weight: 8, arbitrary: fc.nat({ max: 8 }).map((seq) => chunks(seq)[0]!) },
      fc
        .tuple(
          fc.nat({ max: 8 }),
          fc.integer({ min: 1, max: 3 }),
          fc.constantFrom('trimmed' as const, 'dropped' as const),
        )
        .map(([from, count, reason]) => new Gap('s', from, from + count, reason)),
      fc.nat({ max: 9 }).map((seq) => new Mark('s', seq)),
      fc.constantFrom(end(8), end(9, 'failed')),
    );
    const script = fc.array(fc.tuple(item, fc.nat({ max: 60 })), { minLength: 8, maxLength: 40 });
    const counts = { finished: 0, repaired: 0 };
    await fc.assert(
      fc.asyncProperty(script, fc.constantFrom('error' as const, 'skip' as const), async (steps, onGap) => {
        const events: unknown[] = [];
        const probe = (event: ProbeEvent): void => void events.push(plainly(event));
        const { reader, time, tells } = begun({ onGap, probe });
        const chain = operatorChain(onGap);
        for (const [one, ms] of steps) {
          feed(reader, [one]);
          chain.items(one);
          await Promise.all([time.pass(ms), chain.time.pass(ms)]);
        }
        const told = tells();
        expect(told).toEqual(chain.told);
        expect(events).toEqual(chain.events);
        if (/^(?:completed|failed)/.test(told.at(-1) ?? '')) counts.finished++;
        if (told.some((words) => words.startsWith('request'))) counts.repaired++;
        reader.stop();
        chain.stop();
      }),
      { numRuns: 300 },
    );
    expect(Math.min(counts.finished, counts.repaired)).toBeGreaterThan(50);
  });
});

/** A report, whoever gave it. One that came late and comes once more is late again to a reader, to a chain a duplicate. */
function plainly({ operator: _operator, ...event }: ProbeEvent): object {
  return event.type === 'late' ? { ...event, type: 'duplicate' } : event;
}

/** The four operators that anybody can put together, from number 3 on. */
function operatorChain(onGap: 'error' | 'skip') {
  const time = new VirtualTime();
  const told: string[] = [];
  const events: unknown[] = [];
  const probe = (event: ProbeEvent): void => void events.push(plainly(event));
  const arrivals = new Subject<Chunk | Notice>();
  const request = (ranges: readonly Range[]) =>
    void told.push(`request ${ranges.map(({ from, to }) => `${from}-${to}`).join(' ')}`);
  const note = (one: Chunk | Notice): void => {
    if (one instanceof Gap) {
      const { from, to, reason } = one;
      events.push({ type: 'gap', from, to, reason });
      told.push(`received ${to} 0 0`);
    } else if (!isNotice(one)) told.push(`received ${one.seq + 1} 1 ${one.size}`);
  };
  const repairs = { action: 'repair', request, retries: Infinity, maxMissing: Infinity } as const;
  const subscription = arrivals
    .pipe(
      dedupe({ window: 64, probe }),
      gapTimeout({ start: 3, timeoutMs: 50, ...repairs, scheduler: time, probe }),
      reorder({ start: 3, window: 64, maxBytes: Infinity, probe }),
      tap(note),
      unwrap({ onGap }),
    )
    .subscribe({
      next: ({ data }) => void told.push(String(data)),
      error: (error: StreamError) => void told.push(`failed ${error.code}`),
      complete: () => void told.push('completed'),
    });
  return {
    time,
    told,
    events,
    items: (one: Chunk | Notice) => arrivals.next(one),
    stop: () => subscription.unsubscribe(),
  };
}
