import { describe, expect, it } from 'vitest';
import type { MaybePromise } from '../../../src/log/log.js';
import { type Parts, type StreamMessage, writeBody } from '../../../src/log/nats/message.js';
import { StreamReads } from '../../../src/log/nats/reads.js';
import type { NatsBounds } from '../../../src/log/nats/state.js';
import { refused, texts } from '../../../src/testing/log-stage.js';

const bounds: NatsBounds = { maxChunks: 1, maxProducers: 1, ttlMs: Infinity, now: () => 0 };
const standing = { size: 0, lastChunkAt: undefined, end: undefined, endedAt: undefined };

/** Messages of one subject, far apart as they are where others append as well. */
class FakeStore {
  readonly messages: StreamMessage[] = [];
  readonly subjects = { of: () => 'subject' };
  asked = 0;
  scans = 0;

  add(count: number, first = 0): void {
    const last = this.messages.at(-1);
    const next = (last?.state.next ?? 0) + count;
    const state = { ...standing, after: 40, createdAt: 0, config: {}, producers: new Map(), first, next };
    const body = writeBody(texts(next - count, count));
    this.messages.push({ seq: (last?.seq ?? 50) + 37, state, count, body });
  }

  /** A message with chunks of a later one: `before` are in other parts. */
  part(count: number, before = 0): number {
    const { seq, state } = this.messages.at(-1)!;
    const body = writeBody(texts(state.next + before, count));
    this.messages.push({ seq: seq + 37, state, count: 0, body });
    return seq + 37;
  }

  /** A message with what it holds and what is in parts. */
  complete(count: number, parts: Parts): void {
    const { seq, state } = this.messages.at(-1)!;
    const next = state.next + parts.count + count;
    const body = writeBody(texts(next - count, count));
    this.messages.push({ seq: seq + 37, state: { ...state, next }, count, parts, body });
  }

  async last(): Promise<StreamMessage | undefined> {
    return this.messages.at(-1);
  }

  async atOrBehind(_: string, seq: number): Promise<StreamMessage | undefined> {
    this.asked++;
    return this.messages.find((message) => message.seq >= seq);
  }

  async scan(
    { from }: { from: number },
    visit: (name: string, message: StreamMessage) => MaybePromise<boolean>,
  ): Promise<void> {
    this.scans++;
    for (const message of this.messages) if (message.seq >= from && !(await visit('s', message))) return;
  }
}

function stage(counts: readonly number[]): { store: FakeStore; reads: StreamReads } {
  const store = new FakeStore();
  for (const count of counts) store.add(count);
  return { store, reads: new StreamReads(store as never, bounds) };
}

const counts = Array.from({ length: 60 }, (_, n) => n % 4);
const total = counts.reduce((sum, count) => sum + count, 0);
const wide = { chunks: 1000, bytes: 1 << 20 };

describe('StreamReads', () => {
  it('finds every chunk by halving, also between messages without any', async () => {
    const { store, reads } = stage([0, ...counts, 0, 0]);
    for (let seq = 0; seq < total; seq++) {
      const message = await reads.locate('s', store.messages.at(-1)!, seq);
      expect(message!.state.next).toBeGreaterThan(seq);
      expect(message!.state.next - message!.count).toBeLessThanOrEqual(seq);
    }
    expect(store.asked / total, 'questions a chunk').toBeLessThan(12);
    expect(await reads.locate('s', store.messages.at(-1)!, total)).toBeUndefined();
  });

  it('reads from anywhere, within limits', async () => {
    const { reads } = stage(counts);
    for (let from = 0; from <= total + 1; from++) {
      const slice = await reads.read('s', from, { chunks: 7, bytes: 1 << 20 });
      expect(slice).toMatchObject({ from, chunks: texts(from, Math.max(0, Math.min(7, total - from))), next: total });
    }
    expect((await reads.read('s', 3, { chunks: 7, bytes: 1 })).chunks).toEqual(texts(3, 1));
    expect((await reads.read('s', 0, wide)).chunks).toEqual(texts(0, total));
  });

  it('asks once for the newest, and goes on where a reader was', async () => {
    const { store, reads } = stage([1, 1, 1]);
    await reads.read('s', 2, wide);
    expect(store.asked, 'the newest message says it all').toBe(0);
    for (let n = 0; n < 200; n++) store.add(1);
    await reads.read('s', 0, { chunks: 100, bytes: 1 << 20 });
    store.asked = 0;
    await reads.read('s', 100, { chunks: 1, bytes: 1 });
    expect(store.asked).toBe(1);
  });

  it('makes a consumer only for many messages', async () => {
    const { store, reads } = stage([1, 1, 1, 1, 1]);
    await reads.read('s', 0, wide);
    expect(store.scans).toBe(0);
    for (let n = 0; n < 20; n++) store.add(1);
    expect((await reads.read('s', 0, wide)).chunks).toEqual(texts(0, 25));
    expect(store.scans).toBe(1);
  });

  it('takes nothing from what was of the same name before', async () => {
    const { store, reads } = stage([2, 2]);
    store.messages.unshift({
      ...store.messages[0]!,
      seq: 3,
      count: 9,
      state: { ...store.messages[0]!.state, next: 9 },
    });
    expect((await reads.read('s', 0, wide)).chunks).toEqual(texts(0, 4));
  });

  it('reads what is in parts once they are complete, and never what was not completed', async () => {
    const { store, reads } = stage([2, 1]);
    store.part(4);
    expect(await reads.read('s', 0, wide), 'so far').toMatchObject({ from: 0, chunks: texts(0, 3), next: 3 });
    const from = store.part(2);
    store.part(3, 2);
    store.complete(1, { from, count: 5 });
    store.part(7);
    for (let n = 0; n < 9; n++) store.add(1);
    for (const first of [undefined, reads]) {
      for (let seq = 0; seq <= 18; seq++) {
        const fresh = first ?? new StreamReads(store as never, bounds);
        expect((await fresh.read('s', seq, wide)).chunks).toEqual(texts(seq, 18 - seq));
        expect((await fresh.read('s', seq, { chunks: 2, bytes: 1 << 20 })).chunks).toHaveLength(Math.min(2, 18 - seq));
      }
    }
    store.messages.splice(4, 1);
    const { details } = await refused('gap', () => reads.read('s', 4, wide));
    expect(details.seq).toBe(4);
  });

  it('begins at the oldest kept, and names what is gone without having been trimmed', async () => {
    const { store, reads } = stage([2, 2, 2, 2]);
    store.messages.splice(2, 1);
    expect((await reads.read('s', 0, wide)).chunks, 'up to the hole').toEqual(texts(0, 4));
    const { details } = await refused('gap', () => reads.read('s', 4, wide));
    expect(details).toMatchObject({ streamId: 's', seq: 4 });
    store.add(1, 6);
    expect(await reads.read('s', 0, wide)).toMatchObject({ from: 6, chunks: texts(6, 3), next: 9 });
  });

  it('knows no stream without messages', async () => {
    await refused('stream-not-found', () => stage([]).reads.read('s', 0, wide));
  });
});
