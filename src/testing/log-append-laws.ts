import { expect } from 'vitest';
import type { EndStatus } from '../chunk/index.js';
import type { AppendOptions, Close, Producer } from '../log/log.js';
import type { LogCheck } from './log-laws.js';
import { encoded, Follower, type LogStage, refused, texts } from './log-stage.js';

/** @internal The laws of producers and of the end. */
export const appendLaws: readonly LogCheck[] = [
  ['keeps a batch that comes twice once', keepsOnce],
  ['keeps of a batch only what is new, whatever its borders', keepsWhatIsNew],
  ['tells producers apart, and keeps everything of nobody', tellsApart],
  ['fences the lower epochs of a producer', fences],
  ['refuses a number ahead of the right one, and names that', refusesAhead],
  ['keeps every chunk of producers at work at the same time, in order, once', keepsConcurrent],
  ['takes the appends of a producer that does not wait in the order of the calls', takesCallsInOrder],
  ['counts the appends of a producer that counts them', countsAppends],
  ['keeps an append only where it is to begin', keepsWhereSaid],
  ['keeps one of several appends that are to begin at the same number', keepsOneOfSeveral],
  ['ends a stream and keeps its last batch in one step', endsInOneStep],
  ['takes nothing new and no other end behind the end', closesForGood],
  ['acknowledges behind the end what was kept before it', acknowledgesBehindEnd],
  ['leaves everything as it was when it refuses', leavesAsItWas],
];

const by = (id: string, seq: number, epoch = 0): Pick<AppendOptions, 'producer'> => ({ producer: { id, epoch, seq } });

async function keepsOnce(stage: LogStage): Promise<void> {
  await stage.stream('s');
  const first = await stage.log.append('s', texts(0, 3), by('p', 0));
  expect(first).toEqual({ first: 0, next: 3, duplicates: 0, ended: false, expected: 3 });
  for (let again = 0; again < 3; again++) {
    expect(await stage.log.append('s', texts(0, 3), by('p', 0))).toEqual({ ...first, first: 3, duplicates: 3 });
  }
  expect(await stage.log.append('s', [], by('p', 1)), 'empty').toMatchObject({ next: 3, duplicates: 0 });
  expect(await stage.kept('s')).toEqual(texts(0, 3));
}

async function keepsWhatIsNew(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s');
  await log.append('s', texts(0, 2), by('p', 0));
  await log.append('s', texts(2, 3), by('p', 2));
  expect(await log.append('s', texts(1, 3), by('p', 1)), 'within').toMatchObject({ first: 5, next: 5, duplicates: 3 });
  expect(await log.append('s', texts(3, 4), by('p', 3)), 'beyond').toMatchObject({ first: 5, next: 7, duplicates: 2 });
  expect(await log.append('s', texts(0, 8), by('p', 0)), 'around').toMatchObject({ first: 7, next: 8, duplicates: 7 });
  expect(await stage.kept('s')).toEqual(texts(0, 8));
  // What is no longer kept was kept all the same.
  await log.trim('s', 8);
  expect(await log.append('s', texts(6, 3), by('p', 6))).toMatchObject({ first: 8, next: 9, duplicates: 2 });
}

async function tellsApart(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s');
  await stage.stream('t');
  await log.append('s', texts(0, 2), by('p', 0));
  await log.append('s', texts(2, 2), by('q', 0));
  await log.append('s', texts(4, 1), by('p', 2));
  for (let n = 5; n < 7; n++) await log.append('s', texts(5, 1));
  expect(await log.append('s', texts(2, 2), by('q', 0))).toMatchObject({ duplicates: 2, next: 7 });
  expect(await stage.kept('s')).toEqual([...texts(0, 6), ...texts(5, 1)]);
  expect(await log.append('t', texts(0, 1), by('p', 0)), 'another stream').toMatchObject({ duplicates: 0, next: 1 });
}

async function fences(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s');
  await log.append('s', texts(0, 2), by('p', 0, 1));
  const early = await refused('producer-fenced', () => log.append('s', texts(2, 1), by('p', 2, 0)));
  expect(early.details.expected).toBe(1);
  expect(await log.append('s', texts(2, 1), by('p', 0, 5)), 'a higher one starts at 0').toMatchObject({ next: 3 });
  const late = await refused('producer-fenced', () => log.append('s', texts(0, 2), by('p', 0, 1)));
  expect(late.details.expected, 'also for what was kept').toBe(5);
  await log.append('s', [], by('p', 0, 6));
  await refused('producer-fenced', () => log.append('s', texts(3, 1), by('p', 1, 5)));
  await refused('producer-fenced', () => log.append('s', [], by('p', 1, 5)));
  expect(await log.append('s', texts(3, 1), by('q', 0)), 'others go on').toMatchObject({ next: 4 });
  expect(await stage.kept('s')).toEqual(texts(0, 4));
}

async function refusesAhead(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s');
  const expectedAfter = async (producer: Pick<AppendOptions, 'producer'>, count = 1): Promise<number | undefined> =>
    (await refused('sequence-gap', () => log.append('s', texts(0, count), producer))).details.expected;
  expect(await expectedAfter(by('p', 1)), 'never seen').toBe(0);
  await log.append('s', texts(0, 3), by('p', 0));
  expect(await expectedAfter(by('p', 4))).toBe(3);
  expect(await expectedAfter(by('p', 4), 0), 'also when empty').toBe(3);
  expect(await expectedAfter(by('p', 3, 1)), 'a new epoch starts at 0').toBe(0);
  expect(await log.append('s', texts(3, 1), by('p', 3)), 'the old epoch is in force').toMatchObject({ next: 4 });
  expect(await stage.kept('s')).toEqual(texts(0, 4));
}

async function keepsConcurrent(stage: LogStage): Promise<void> {
  await stage.stream('s');
  const [producers, batches, size] = [8, 12, 3];
  const produce = async (id: string): Promise<void> => {
    for (let n = 0; n < batches; n++) {
      const batch = Array.from({ length: size }, (_, i) => encoded(`${id} ${n * size + i}`));
      const twice = n % 3 === 0 ? [batch, batch] : [batch];
      await Promise.all(twice.map(async (each) => stage.log.append('s', each, by(id, n * size))));
    }
  };
  await Promise.all(Array.from({ length: producers }, (_, i) => produce(`p${i}`)));
  const kept = await stage.kept('s');
  expect(kept).toHaveLength(producers * batches * size);
  for (let i = 0; i < producers; i++) {
    const own = kept.filter(({ head }) => head.includes(`"p${i} `));
    expect(own).toEqual(Array.from({ length: batches * size }, (_, n) => encoded(`p${i} ${n}`)));
  }
}

async function takesCallsInOrder(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s');
  const numbers = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18];
  const appending = numbers.map(async (n) => log.append('s', texts(n, 2), by('p', n)));
  const close: Close = { status: 'completed' };
  const ending = (async () => log.append('s', [], { ...by('p', 20), close }))();
  const answers = await Promise.all([...appending, ending]);
  expect(answers.map(({ first }) => first)).toEqual([...numbers, 20]);
  expect(answers.at(-1)?.ended).toBe(true);
  expect(await stage.kept('s')).toEqual(texts(0, 20));
}

const append = (id: string, seq: number, epoch = 0): Pick<AppendOptions, 'producer'> => ({
  producer: { id, epoch, seq, counts: 'appends' },
});

async function countsAppends(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s');
  expect(await log.append('s', texts(0, 3), append('p', 0))).toMatchObject({ next: 3, expected: 1 });
  expect(await log.append('s', [], append('p', 1)), 'also an empty one').toMatchObject({ next: 3, expected: 2 });
  expect(await log.append('s', texts(3, 2), append('p', 2))).toMatchObject({ next: 5, expected: 3 });
  for (const seq of [0, 1, 2]) {
    // Whatever it brings: it is known by its number.
    const again = await log.append('s', texts(9, 4), append('p', seq));
    expect(again).toEqual({ first: 5, next: 5, duplicates: 4, ended: false, expected: 3 });
  }
  expect((await refused('sequence-gap', () => log.append('s', texts(5, 1), append('p', 4)))).details.expected).toBe(3);
  expect(await log.append('s', texts(5, 2), append('p', 0, 1)), 'a new epoch').toMatchObject({ next: 7, expected: 1 });
  await refused('producer-fenced', () => log.append('s', texts(7, 1), append('p', 3)));
  const close: Close = { status: 'completed' };
  expect(await log.append('s', [], { ...append('p', 1, 1), close })).toMatchObject({ ended: true, expected: 2 });
  expect(await log.append('s', [], { ...append('p', 1, 1), close }), 'once more').toMatchObject({ ended: false });
  await refused('stream-closed', () => log.append('s', [], { ...append('p', 2, 1), close }));
  await refused('stream-closed', () => log.append('s', texts(7, 1), append('p', 2, 1)));
  expect(await stage.kept('s')).toEqual(texts(0, 7));
}

async function keepsWhereSaid(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s');
  expect(await log.append('s', texts(0, 2), { at: 0 })).toMatchObject({ first: 0, next: 2 });
  for (const at of [0, 1, 3]) {
    const { details } = await refused('append-conflict', () => log.append('s', texts(2, 1), { at }));
    expect(details.expected).toBe(2);
  }
  const close: Close = { status: 'completed' };
  await refused('append-conflict', () => log.append('s', [], { at: 1, close }));
  expect(await log.append('s', texts(2, 2), { ...by('p', 0), at: 2 })).toMatchObject({ first: 2, next: 4 });
  expect(await log.append('s', texts(2, 2), { ...by('p', 0), at: 2 }), 'kept before').toMatchObject({ duplicates: 2 });
  await refused('append-conflict', () => log.append('s', texts(2, 3), { ...by('p', 0), at: 2 }));
  await refused('sequence-gap', () => log.append('s', texts(4, 1), { ...by('p', 3), at: 4 }));
  expect(await log.append('s', texts(4, 1), { at: 4, close })).toMatchObject({ first: 4, ended: true });
  await refused('stream-closed', () => log.append('s', texts(5, 1), { at: 5 }));
  expect(await stage.kept('s')).toEqual(texts(0, 5));
}

async function keepsOneOfSeveral(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s', texts(0, 1));
  const attempts = await Promise.allSettled(texts(1, 5).map(async (chunk) => log.append('s', [chunk], { at: 1 })));
  expect(attempts.map(({ status }) => status)).toEqual(['fulfilled', ...Array<string>(4).fill('rejected')]);
  expect(await stage.kept('s')).toEqual(texts(0, 2));
}

async function endsInOneStep(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s', texts(0, 2));
  const ends: (Close | undefined)[] = [];
  const look = async (): Promise<void> => {
    const { next, end } = await log.read('s', 0, { chunks: 1, bytes: 1 });
    if (next === 4) ends.push(end);
  };
  const stop = log.watch('s', () => void look());
  const close: Close = { status: 'failed', reason: 'out of paper' };
  const appended = await log.append('s', texts(2, 2), { ...by('p', 0), close });
  expect(appended).toEqual({ first: 2, next: 4, duplicates: 0, ended: true, expected: 2 });
  await stage.until('the end was seen', () => ends.length > 0);
  expect(ends, 'nobody sees the last batch without the end').toEqual(ends.map(() => close));
  stop();
  expect((await log.read('s', 0, { chunks: 1, bytes: 1 })).end, 'far from the tail').toEqual(close);
  await stage.stream('t');
  expect(await log.append('t', [], { close: { status: 'completed' } })).toMatchObject({ next: 0, ended: true });
  expect(await log.read('t', 0, { chunks: 1, bytes: 1 })).toMatchObject({
    from: 0,
    chunks: [],
    next: 0,
    end: { status: 'completed' },
  });
}

async function closesForGood(stage: LogStage): Promise<void> {
  const { log } = stage;
  for (const status of ['completed', 'failed', 'cancelled'] satisfies EndStatus[]) {
    const code = status === 'cancelled' ? 'stream-cancelled' : 'stream-closed';
    await stage.stream(status);
    await log.append(status, texts(0, 2), { ...by('p', 0), close: { status } });
    await refused(code, () => log.append(status, texts(2, 1)));
    await refused(code, () => log.append(status, texts(2, 1), by('p', 2)));
    await refused(code, () => log.append(status, texts(0, 3), by('p', 0)));
    await refused(code, () => log.append(status, texts(0, 1), by('q', 0)));
    await refused(code, () => log.append(status, texts(5, 1), by('p', 5)));
    const other = status === 'failed' ? 'completed' : 'failed';
    await refused(code, () => log.append(status, [], { close: { status: other } }));
    await refused(code, () => log.append(status, texts(0, 2), { ...by('p', 0), close: { status: other } }));
    expect(await stage.kept(status)).toEqual(texts(0, 2));
    expect(await log.info(status)).toMatchObject({ status, next: 2 });
  }
}

async function acknowledgesBehindEnd(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s', texts(0, 1));
  const close: Close = { status: 'cancelled', reason: 'the first reason' };
  await log.append('s', texts(1, 3), { ...by('p', 0), close });
  const nothingNew = { first: 4, next: 4, ended: false };
  const known = { ...nothingNew, expected: 3 };
  expect(await log.append('s', texts(1, 3), { ...by('p', 0), close })).toEqual({ ...known, duplicates: 3 });
  expect(await log.append('s', texts(2, 2), by('p', 1))).toEqual({ ...known, duplicates: 2 });
  expect(await log.append('s', [])).toEqual({ ...nothingNew, duplicates: 0 });
  const again: Close = { status: 'cancelled', reason: 'another' };
  expect(await log.append('s', [], { close: again })).toEqual({ ...nothingNew, duplicates: 0 });
  expect((await log.read('s', 9, { chunks: 1, bytes: 1 })).end).toEqual(close);
}

async function leavesAsItWas(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s');
  await log.append('s', texts(0, 2), by('p', 0, 1));
  const before = await log.info('s');
  const follower = new Follower(log, 's');
  const close: Close = { status: 'completed' };
  const refusals: (Producer & { code: 'producer-fenced' | 'sequence-gap' })[] = [
    { code: 'producer-fenced', id: 'p', epoch: 0, seq: 2 },
    { code: 'sequence-gap', id: 'p', epoch: 1, seq: 3 },
    { code: 'sequence-gap', id: 'p', epoch: 2, seq: 2 },
    { code: 'sequence-gap', id: 'new', epoch: 0, seq: 1 },
  ];
  for (const { code, ...producer } of refusals) {
    await refused(code, () => log.append('s', texts(2, 2), { producer, close }));
  }
  expect(await log.info('s')).toEqual(before);
  expect(await log.append('s', texts(2, 1), by('p', 2, 1)), 'the same producer goes on').toMatchObject({ next: 3 });
  expect(await log.append('s', texts(3, 1), by('new', 0)), 'the new one starts').toMatchObject({ next: 4 });
  await stage.until('the chunks have come', () => follower.chunks.length === 4);
  expect(follower.end).toBeUndefined();
  expect(follower.chunks).toEqual(texts(0, 4));
  follower.stop();
}
