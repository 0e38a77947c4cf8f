import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import type { Page } from '../../src/durable/page.js';
import type { Follower } from '../../src/durable/groups.js';
import { Tail } from '../../src/durable/tail.js';
import { encoded, texts } from '../../src/testing/log-stage.js';
import { LateLog } from '../gateway/late-log.js';

class Reader implements Follower {
  ready = true;
  taking: () => void = () => {};
  readonly split = 'anywhere';
  readonly pages: Page[] = [];
  readonly errors: unknown[] = [];

  constructor(public next: number) {}

  take(page: Page): void {
    this.pages.push(page);
    this.taking();
  }

  failed(error: unknown): void {
    this.errors.push(error);
  }

  get seen(): string[] {
    return this.pages.map(({ from, to }) => `${from}-${to}`);
  }
}

function stage() {
  const log = new LateLog(() => 0, { now: () => 0 });
  log.inner.create('s');
  log.inner.append('s', texts(0, 3));
  const due = {
    soon: [] as (() => void)[],
    turn: [] as (() => void)[],
    later: [] as (() => void)[],
    delays: [] as number[],
  };
  let time = 0;
  let deserted = 0;
  const { life } = log.inner.info('s')!;
  const tail = new Tail(
    { name: 's', life },
    { type: 'text', base: 0 },
    log,
    {
      soon: (work) => due.soon.push(work),
      turn: (work) => due.turn.push(work),
      later: (work, delayMs) => {
        due.later.push(work);
        due.delays.push(delayMs);
      },
      now: () => time,
    },
    () => deserted++,
  );
  const turn = async (): Promise<void> => {
    for (const work of [...due.soon.splice(0), ...due.turn.splice(0), ...due.later.splice(0)]) work();
    for (let n = 0; n < 20; n++) {
      log.answerOne();
      await undefined;
    }
  };
  return { log, life, tail, due, turn, pass: (ms: number) => void (time += ms), deserted: () => deserted };
}

describe('Tail', () => {
  function live() {
    const parts = stage();
    const readers = [new Reader(0), new Reader(0), new Reader(3)];
    return { ...parts, readers };
  }

  it('leads everybody to the tail, and on', async () => {
    const { log, tail, turn, readers, pass } = live();
    for (const reader of readers) tail.add(reader);
    await turn();
    expect(readers.map(({ seen }) => seen.at(-1))).toEqual(['0-3', '0-3', '3-3']);
    const before = log.reads;
    log.inner.append('s', [encoded('x')]);
    pass(5);
    await turn();
    await turn();
    expect(log.reads - before, 'one read for all').toBe(1);
    expect(readers.map(({ next }) => next)).toEqual([4, 4, 4]);
    const [one, other, third] = readers.map(({ pages }) => pages.at(-1));
    expect(one).toBe(other);
    expect(one).toBe(third);
  });

  it('does not read for who takes nothing more, until he does', async () => {
    const { log, tail, turn, readers, pass } = live();
    const [slow] = readers as [Reader, Reader, Reader];
    tail.add(slow);
    await turn();
    slow.ready = false;
    const before = log.reads;
    for (let n = 0; n < 5; n++) {
      log.inner.append('s', texts(3 + n, 1));
      pass(5);
      await turn();
    }
    expect([slow.next, log.reads]).toEqual([3, before]);
    slow.ready = true;
    tail.offer(slow);
    await turn();
    await turn();
    expect(slow.next).toBe(8);
  });

  it('tells what changes after a pause at once, and what follows at the same time together', async () => {
    const { log, tail, due, turn, readers, pass } = live();
    tail.add(readers[0]!);
    await turn();
    pass(1);
    const next = async (): Promise<number[]> => {
      log.inner.append('s', texts(readers[0]!.next, 1));
      const asked = [due.soon.length, due.turn.length];
      await turn();
      return asked;
    };
    for (let n = 0; n < 5; n++) expect(await next(), 'a few may meet').toEqual([1, 0]);
    const { next: told } = readers[0]!;
    expect(await next()).toEqual([0, 1]);
    expect(await next(), 'they go together').toEqual([0, 1]);
    pass(0.25);
    await turn();
    expect(readers[0]!.seen.at(-1)).toBe(`${told}-${told + 2}`);
    pass(0.25);
    expect(await next(), 'no more is put off').toEqual([1, 0]);
    expect(await next()).toEqual([0, 1]);
    pass(2);
    await turn();
    expect(await next(), 'there was a pause').toEqual([1, 0]);
  });

  it('rests for as long as telling took, but not for ever, so that what changes quickly is told together', async () => {
    const { log, tail, due, turn, readers, pass } = live();
    const [slow] = readers as [Reader, Reader, Reader];
    tail.add(slow);
    await turn();
    const change = (): void => {
      due.delays.length = 0;
      log.inner.append('s', texts(slow.next, 1));
    };
    pass(100);
    slow.taking = () => pass(8);
    change();
    expect([due.soon.length, due.later.length], 'there was a pause').toEqual([1, 0]);
    await turn();
    pass(2);
    change();
    expect(due.delays, 'a millisecond is put off').toEqual([5]);
    log.inner.append('s', texts(5, 3));
    expect(due.delays, 'they go together').toEqual([5]);
    pass(5);
    await turn();
    expect(slow.seen.at(-1)).toBe('4-8');
    change();
    expect(due.delays, 'once').toEqual([8]);
    pass(8);
    await turn();
    pass(8);
    change();
    expect([due.soon.length, due.later.length], 'it has rested').toEqual([1, 0]);
    slow.taking = () => pass(500);
    await turn();
    change();
    expect(due.delays).toEqual([20]);
    slow.taking = () => {};
    await turn();
    pass(-3_600_000);
    change();
    expect(due.delays, 'the clock was set back').toEqual([20]);
    await turn();
    change();
    expect([due.delays, due.turn.length], 'nothing is waited for, and it is no pause').toEqual([[], 1]);
  });

  it('waits turn by turn for what is too short for a timer', async () => {
    const { log, tail, due, turn, readers, pass } = live();
    const [reader] = readers as [Reader, Reader, Reader];
    tail.add(reader);
    await turn();
    reader.taking = () => pass(1.5);
    pass(100);
    log.inner.append('s', texts(3, 1));
    await turn();
    pass(0.125);
    log.inner.append('s', texts(4, 1));
    for (const waited of [0.125, 0.125]) {
      expect([due.turn.length, due.later.length, reader.next]).toEqual([1, 0, 4]);
      pass(waited);
      await turn();
    }
    log.inner.append('s', texts(5, 1));
    pass(0.125);
    await turn();
    expect(reader.seen.at(-1), 'together').toBe('4-6');
  });

  it('leads who is far behind on in rows, between which others have their turn', async () => {
    const { log, tail, due, turn, pass } = live();
    log.inner.append('s', texts(3, 20 * 1024));
    await turn();
    const reader = new Reader(0);
    tail.add(reader);
    for (let n = 0; n < 100 && due.soon.length + due.later.length === 0; n++) {
      log.answerOne();
      await undefined;
    }
    expect(reader.pages).toHaveLength(8);
    for (let n = 0; n < 10; n++) {
      pass(5);
      await turn();
    }
    expect(reader.next).toBe(20 * 1024 + 3);
    expect(reader.pages.every(({ from }, i) => i === 0 || from === reader.pages[i - 1]!.to)).toBe(true);
  });

  it('tells the end to who was being read for when others heard of it', async () => {
    const { log, tail, turn, pass } = live();
    const early = new Reader(3);
    tail.add(early);
    await turn();
    const late = new Reader(3);
    tail.add(late);
    pass(5);
    log.inner.append('s', [], { close: { status: 'completed' } });
    for (let n = 0; n < 3; n++) await turn();
    expect([early, late].map(({ pages }) => pages.at(-1)!.ended)).toEqual([true, true]);
  });

  it('sets aside who stops within a group, and nobody else', async () => {
    const { log, tail, turn, readers, pass } = live();
    for (const reader of readers) tail.add(reader);
    await turn();
    const [, stops] = readers as [Reader, Reader, Reader];
    stops.taking = () => void (stops.ready = false);
    for (let n = 0; n < 3; n++) {
      log.inner.append('s', texts(3 + n, 1));
      pass(5);
      await turn();
      await turn();
    }
    expect(readers.map(({ next }) => next)).toEqual([6, 4, 6]);
    tail.offer(readers[0]!);
    stops.ready = true;
    tail.offer(stops);
    tail.offer(stops);
    await turn();
    expect(stops.seen.slice(-2)).toEqual(['3-4', '4-6']);
  });

  it('ends for everybody when the stream is removed, trimmed beyond them, or the server closes', async () => {
    const { log, life, tail, turn, readers, pass, deserted } = live();
    const [removed, closed] = readers as [Reader, Reader, Reader];
    tail.add(removed);
    await turn();
    log.inner.delete('s');
    pass(5);
    await turn();
    await turn();
    expect(removed.errors).toMatchObject([{ code: 'stream-not-found' }]);
    expect(deserted()).toBe(1);

    log.inner.create('s');
    log.inner.append('s', texts(0, 9));
    const another = new Reader(2);
    tail.add(another);
    await turn();
    expect(another.errors, 'of a stream of before').toMatchObject([{ code: 'stream-not-found' }]);

    // As if it had never been another.
    const { read } = log.inner;
    log.inner.read = (...asked) => ({ ...read.apply(log.inner, asked), life });
    log.inner.trim('s', 5);
    const late = new Reader(2);
    tail.add(late);
    await turn();
    expect(late.errors).toMatchObject([{ code: 'gap' }]);
    const beyond = new Reader(20);
    tail.add(beyond);
    await turn();
    expect(beyond.errors, 'there are fewer than it has seen').toMatchObject([{ code: 'stream-not-found' }]);

    closed.next = 9;
    tail.add(closed);
    await turn();
    tail.close(new StreamError('log-unavailable', 'closing'));
    expect(closed.errors).toMatchObject([{ code: 'log-unavailable' }]);
  });

  it('hands on what the log fails with, to who waited for it, and not to who has left', async () => {
    const { log, tail, turn, readers } = live();
    log.failure = new Error('away');
    for (const reader of readers) tail.add(reader);
    tail.remove(readers[1]!);
    tail.offer(readers[1]!);
    await turn();
    log.failure = undefined;
    expect(readers.map(({ errors }) => errors.length)).toEqual([1, 0, 1]);
  });
});
