import { expect } from 'vitest';
import type { LogCheck } from './log-laws.js';
import { type LogStage, refused, texts } from './log-stage.js';

/** @internal The laws of streams that are removed, and of those that have their names afterwards. */
export const removalLaws: readonly LogCheck[] = [
  ['removes a stream, and all it knew of it', removes],
  ['tells streams of one name apart', tellsLivesApart],
  ['removes an ended stream when its time is over', expires],
];

async function removes(stage: LogStage): Promise<void> {
  const { log } = stage;
  const producer = { id: 'p', epoch: 3, seq: 0 };
  await stage.stream('s');
  await stage.stream('s/below', texts(0, 1));
  await log.append('s', texts(0, 4), { producer, close: { status: 'completed' } });
  await log.delete('s');
  await log.delete('s');
  expect(await log.info('s')).toBeUndefined();
  await refused('stream-not-found', () => log.read('s', 0, { chunks: 1, bytes: 1 }));
  expect(await stage.kept('s/below')).toEqual(texts(0, 1));
  await log.create('s', { contentType: 'text/plain' });
  const again = await log.append('s', texts(7, 1), { producer: { ...producer, epoch: 0 } });
  expect(again).toEqual({ first: 0, next: 1, duplicates: 0, ended: false, expected: 1 });
  expect(await stage.kept('s')).toEqual(texts(7, 1));
}

async function tellsLivesApart({ log }: LogStage): Promise<void> {
  const limit = { chunks: 10, bytes: 1 << 20 };
  const lifeOf = async (): Promise<string> => (await log.info('s'))!.life;
  const lives = new Set<string>();
  const producer = { id: 'p', epoch: 0 };
  for (let n = 0; n < 3; n++) {
    await log.create('s');
    const life = await lifeOf();
    expect((await log.read('s', 0, limit)).life, 'of what is read').toBe(life);
    await log.append('s', texts(0, 2), { life, producer: { ...producer, seq: 0 } });
    await log.append('s', texts(2, 1), { life, producer: { ...producer, seq: 2 } });
    expect((await log.list('s')).map((info) => info.life)).toEqual([life]);
    for (const gone of lives) {
      const next = { ...producer, seq: 3 };
      await refused('stream-not-found', () => log.append('s', texts(9, 1), { life: gone }));
      await refused('stream-not-found', () => log.append('s', texts(9, 1), { life: gone, producer: next }));
      await refused('stream-not-found', () => log.append('s', [], { life: gone, close: { status: 'failed' } }));
      const [outcome] = await Promise.allSettled([
        (async () => log.append('s', texts(9, 1), { life: gone, producer: next }))(),
        (async () => log.append('s', [], { life, producer: next }))(),
      ]);
      expect(outcome.status, 'beside one for the right stream').toBe('rejected');
      await log.delete('s', gone);
    }
    expect(await log.info('s')).toMatchObject({ life, next: 3, status: 'active' });
    lives.add(life);
    await log.delete('s', life);
    expect(await log.info('s')).toBeUndefined();
    await refused('stream-not-found', () => log.append('s', [], { life }));
  }
  expect(lives.size).toBe(3);
}

async function expires(stage: LogStage): Promise<void> {
  const { log } = stage;
  await log.create('brief', { ttlMs: 500 });
  await log.create('lasting', { ttlMs: Infinity });
  await log.create('unended', { ttlMs: 500 });
  for (const name of ['brief', 'lasting', 'unended']) await log.append(name, texts(0, 1));
  await stage.advance(600);
  for (const name of ['brief', 'lasting']) await log.append(name, [], { close: { status: 'completed' } });
  expect(await stage.kept('brief'), 'just ended').toEqual(texts(0, 1));
  expect(await stage.next('brief'), 'just ended').toBe(1);
  await stage.advance(600);
  await stage.until('the stream is removed', async () => (await log.info('brief')) === undefined);
  for (const name of ['lasting', 'unended']) {
    expect(await stage.kept(name)).toEqual(texts(0, 1));
    expect(await stage.next(name)).toBe(1);
  }
  expect((await log.list()).map(({ streamId }) => streamId)).toEqual(['lasting', 'unended']);
}
