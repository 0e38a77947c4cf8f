import { describe, expect, it } from 'vitest';
import { StreamAppends } from '../../../src/log/redis/appends.js';
import { AnswerLost, type RedisCaller, type ScriptCall } from '../../../src/log/redis/caller.js';
import type { RedisReply } from '../../../src/log/redis/client.js';
import { RedisKeys } from '../../../src/log/redis/keys.js';
import { appendScript, plainAppendScript } from '../../../src/log/redis/scripts.js';
import { refused, texts } from '../../../src/testing/log-stage.js';

const bounds = { ttlMs: 5, maxChunks: 10, maxProducers: 2, maxChunkBytes: 1000 };
const by = (seq: number) => ({ producer: { id: 'p', epoch: 0, seq } });
const life = Buffer.from('life');
const kept = (n: number): RedisReply => [n, n + 1, 0, 0];

/** The appends of one stream, and the calls that they make, to be answered by hand. */
function make() {
  const calls: {
    call: ScriptCall;
    repeatable: boolean;
    answer(reply: RedisReply): void;
    fail(error: unknown): void;
  }[] = [];
  const caller = {
    run: (call: ScriptCall, repeatable: boolean) =>
      new Promise<RedisReply>((answer, fail) => void calls.push({ call, repeatable, answer, fail })),
  } as unknown as RedisCaller;
  const ends: unknown[] = [];
  let [idle, settled] = [0, 0];
  const appends = new StreamAppends('s', new RedisKeys('p').of('s'), caller, bounds, {
    ended: (...end) => void ends.push(end),
    settled: (bytes) => (settled += bytes),
    idle: () => idle++,
  });
  const add = (n: number, options = {}) => {
    const adding = appends.add(texts(n, 1), options, `token ${n}`, 10);
    adding.catch(() => {});
    return adding;
  };
  return { calls, ends, add, appends, idle: () => idle, settled: () => settled };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

describe('StreamAppends', () => {
  it('makes one call at a time, and the next for all that came meanwhile', async () => {
    const { calls, add, idle, settled } = make();
    const first = add(0, by(0));
    await turn();
    const others = [add(1, by(1)), add(2, by(2))];
    await turn();
    expect(calls).toHaveLength(1);
    expect(calls[0]!.call.values.toSpliced(1, 1).slice(0, 11)).toEqual([
      'p:{s}',
      '5',
      '10',
      '2',
      '1000',
      'p',
      '0',
      '0',
      '',
      '',
      'token 0',
    ]);
    calls[0]!.answer([null, kept(0)]);
    expect(await first).toEqual({ first: 0, next: 1, duplicates: 0, ended: false });
    await turn();
    expect(calls).toHaveLength(2);
    calls[1]!.answer(1);
    expect((await Promise.all(others)).map(({ next }) => next)).toEqual([2, 3]);
    await turn();
    expect(idle()).toBe(1);
    expect(settled()).toBe(30);
  });

  it('takes no more into one call than keeps others waiting', async () => {
    const { calls, appends, add } = make();
    void add(0, { close: { status: 'completed' } });
    await turn();
    const half = 256 * 1024;
    for (const bytes of [half, half, half, 10 * half]) void appends.add(texts(0, 1), { at: 0 }, 'counted', bytes);
    for (let n = 0; n < 300; n++) void appends.add([], {}, 'counted', 0);
    const perCall: number[] = [];
    for (let i = 0; i < 6; i++) {
      await turn();
      const { call, answer } = calls[i]!;
      perCall.push(call.values.filter((value) => value === 'counted').length);
      answer([null, ...Array.from({ length: 400 }, () => kept(0))]);
    }
    expect(perCall).toEqual([0, 2, 1, 1, 256, 44]);
  });

  it('makes a call whose answer was lost again, without those that might be kept twice', async () => {
    const { calls, add } = make();
    const alone = add(0);
    await turn();
    expect(calls[0]!.repeatable).toBe(false);
    const [anonymous, known] = [add(1), add(2, by(0))];
    calls[0]!.fail(new AnswerLost('lost', { cause: 'broken' }));
    expect((await refused('connection-lost', () => alone)).cause).toBe('broken');
    await turn();
    calls[1]!.fail(new AnswerLost('lost'));
    await refused('connection-lost', () => anonymous);
    await turn();
    expect(calls[2]!.repeatable).toBe(true);
    calls[2]!.answer([null, [7, 7, 1, 0]]);
    expect(await known).toMatchObject({ duplicates: 1 });
  });

  it('asks the short script where there is nothing to decide about, and the longer one when that refuses', async () => {
    const { calls, add } = make();
    const adding = add(0);
    await turn();
    expect(calls[0]!.call.script).toBe(plainAppendScript);
    calls[0]!.answer(null);
    await turn();
    expect(calls[1]!.call.script).toBe(appendScript);
    calls[1]!.answer([null, kept(0)]);
    expect(await adding).toMatchObject({ first: 0, next: 1 });
  });

  it('makes an end alone again, whoever it is from', async () => {
    const { calls, appends } = make();
    void appends.add([], { close: { status: 'cancelled' } }, 'token', 0);
    await turn();
    expect(calls[0]!.repeatable).toBe(true);
  });

  it('rejects all of a call that failed, and goes on', async () => {
    const { calls, add } = make();
    const failing = add(0, by(0));
    await turn();
    const next = add(1, by(1));
    calls[0]!.fail(new Error('trouble'));
    await expect(failing).rejects.toThrow('trouble');
    await turn();
    calls[1]!.answer(null);
    await refused('stream-not-found', () => next);
  });

  it('tells when the stream has ended, and when it is to be removed', async () => {
    const { calls, ends, add } = make();
    const ending = add(0, { close: { status: 'failed', reason: '' } });
    await turn();
    expect(calls[0]!.call.values.slice(9, 11)).toEqual(['failed', ':']);
    calls[0]!.answer([
      [life, Buffer.from('99')],
      [0, 1, 0, 1],
    ]);
    expect((await ending).ended).toBe(true);
    expect(ends).toEqual([['s', 'life', '99']]);
  });

  it.each([
    [[-1, 3, 5, null, null], 'producer-fenced', 3],
    [[-1, 0, 0, null, null], 'sequence-gap', 0],
    [[-1, null, null, null, null], 'sequence-gap', 0],
    [[-1, 0, 0, Buffer.from('completed'), null], 'stream-closed', undefined],
    [[-1, 0, 0, Buffer.from('cancelled'), Buffer.from('why')], 'stream-cancelled', undefined],
    [[-1, 0, 1, null, null], 'internal', undefined],
    [[-2], 'limit-reached', undefined],
    [[-3, 0, 2000], 'chunk-too-large', undefined],
  ] as const)('names the refusal %j', async (outcome, code, expected) => {
    const { calls, add } = make();
    const adding = add(0, by(1));
    await turn();
    calls[0]!.answer([null, outcome]);
    expect((await refused(code, () => adding)).details).toEqual(
      expected === undefined ? { streamId: 's' } : { streamId: 's', expected },
    );
  });
});
