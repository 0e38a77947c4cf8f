import { EventType, type StreamChunk, resumeServerSentEventsResponse, toServerSentEventsResponse } from '@tanstack/ai';
import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { type StreamDurability, tanStackDurability } from '../../src/interop/tanstack-ai.js';
import { createMemoryLog } from '../../src/log/memory.js';

const url = 'http://127.0.0.1/chat';
const request = (headers: Record<string, string> = {}, query = ''): Request => new Request(url + query, { headers });

const chunks: readonly StreamChunk[] = [
  { type: EventType.RUN_STARTED, threadId: 't', runId: 'r' },
  { type: EventType.TEXT_MESSAGE_START, messageId: 'm', role: 'assistant' },
  ...Array.from({ length: 40 }, (_, i) => ({
    type: EventType.TEXT_MESSAGE_CONTENT as const,
    messageId: 'm',
    delta: `w${i} `,
  })),
  { type: EventType.TEXT_MESSAGE_END, messageId: 'm' },
  { type: EventType.RUN_FINISHED, threadId: 't', runId: 'r' },
];

async function* say(count = chunks.length): AsyncGenerator<StreamChunk> {
  await Promise.resolve();
  yield* chunks.slice(0, count);
}

const idsIn = (text: string): string[] => [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id!);
const wordsIn = (text: string): string => [...text.matchAll(/"delta":"(.*?)"/g)].map(([, word]) => word).join('');
const all = wordsIn(JSON.stringify(chunks));

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('tanStackDurability', () => {
  it('keeps a run of the real toolkit, and gives it again from any place, in any process', async () => {
    const log = createMemoryLog();
    const adapter = tanStackDurability<StreamChunk>(request({ 'x-run-id': 'r/1' }), { log });
    const text = await toServerSentEventsResponse(say(), { durability: { adapter, batch: 4 } }).text();
    const ids = idsIn(text);
    expect([wordsIn(text), ids.length]).toEqual([all, chunks.length + 1]);
    for (const [i, id] of ids.entries()) {
      const again = tanStackDurability<StreamChunk>(request({ 'last-event-id': id }), { log });
      const rest = await (await resumeServerSentEventsResponse({ adapter: again })).text();
      expect(idsIn(rest)).toEqual(ids.slice(i + 1));
    }
    const joined = tanStackDurability<StreamChunk>(request({}, '?runId=r/1&offset=-1'), { log });
    expect(wordsIn(await (await resumeServerSentEventsResponse({ adapter: joined })).text())).toBe(all);
    // The toolkit's own first word, and then what was said.
    expect((await joined.snapshot()).map(({ chunk }) => chunk.type)).toEqual([
      'CUSTOM',
      ...chunks.map(({ type }) => type),
    ]);
  });

  it('follows a run that is under way, to its end', async () => {
    const log = createMemoryLog();
    const run = tanStackDurability<StreamChunk>({ runId: 'r' }, { log });
    const reading = collect(tanStackDurability<StreamChunk>({ runId: 'r', offset: '-1' }, { log }).read('-1'));
    const offsets = await run.append(chunks.slice(0, 3));
    const late = collect(run.read(offsets[0]!));
    const now = collect(run.read('now'));
    await run.snapshot();
    await run.append(chunks.slice(3, 5));
    await run.close();
    await run.close();
    expect((await reading).map(({ chunk }) => chunk)).toEqual(chunks.slice(0, 5));
    expect((await late).map(({ chunk }) => chunk)).toEqual(chunks.slice(1, 5));
    expect((await now).map(({ chunk }) => chunk)).toEqual(chunks.slice(3, 5));
    expect(await run.append(chunks.slice(5, 6)).catch((error: unknown) => (error as StreamError).code)).toBe(
      'stream-closed',
    );
  });

  it('lets a reader go when it leaves', async () => {
    const log = createMemoryLog();
    const run = tanStackDurability<StreamChunk>({ runId: 'r' }, { log });
    await run.append(chunks.slice(0, 1));
    for (const offset of ['-1', 'now']) {
      const controller = new AbortController();
      const reading = collect(run.read(offset, controller.signal));
      controller.abort();
      expect((await reading).length).toBeLessThan(2);
    }
    const waiting = new AbortController();
    const nothing = collect(tanStackDurability({ runId: 'none' }, { log }).read('-1', waiting.signal));
    waiting.abort();
    expect(await nothing).toEqual([]);
  });

  it('does not wait for ever for a run that nobody has begun', async () => {
    const run = tanStackDurability({ runId: 'r', offset: '-1' }, { log: createMemoryLog(), firstChunkMs: 5 });
    expect(await run.snapshot()).toEqual([]);
    await expect(collect(run.read('-1'))).rejects.toMatchObject({ code: 'stream-not-found' });
    await run.close();
    expect(await collect(run.read('-1'))).toEqual([]);
  });

  it('fails its readers when the run has failed, and says when chunks are gone', async () => {
    const log = createMemoryLog();
    const run = tanStackDurability<StreamChunk>({ runId: 'r' }, { log, prefix: 'p' });
    await run.append([...chunks]);
    await log.trim('p/r', 4);
    expect((await run.snapshot())[0]!.offset).toBe('r:4');
    await expect(collect(run.read('-1'))).rejects.toMatchObject({ code: 'gap' });
    await log.append('p/r', [], { close: { status: 'failed', reason: 'died' } });
    await expect(collect(run.read('r:10'))).rejects.toMatchObject({ code: 'stream-failed' });
    await log.trim('p/r', chunks.length);
    expect(await run.snapshot()).toEqual([]);
  });

  it('reads a request as the toolkit does', () => {
    const log = createMemoryLog();
    const of = (headers: Record<string, string>, query = '') =>
      tanStackDurability(request(headers, query), { log }).resumeFrom();
    expect(of({})).toBeNull();
    expect(of({ 'x-run-id': 'r' })).toBeNull();
    expect(of({ 'last-event-id': 'r:1' }, '?offset=r:2')).toBe('r:1');
    expect(of({}, '?offset=now&runId=r')).toBe('now');
    for (const id of ['x', 'r:', ':1', 'r:01', '%E0%A4%A:1']) {
      expect(() => of({ 'last-event-id': id })).toThrow(expect.objectContaining({ code: 'data-malformed' }));
    }
  });

  it('takes places of its own run only', async () => {
    const run = tanStackDurability({ runId: 'r' }, { log: createMemoryLog() });
    await expect(collect(run.read('other:1'))).rejects.toMatchObject({ code: 'data-malformed' });
  });

  it('refuses what cannot be', () => {
    const log = createMemoryLog();
    expect(() => tanStackDurability('r' as never, { log })).toThrow(TypeError);
    expect(() => tanStackDurability({ runId: 'r' }, { log, firstChunkMs: -1 })).toThrow(RangeError);
    expect(() => tanStackDurability({ runId: '\ud800' }, { log })).toThrow(StreamError);
    expect(() => tanStackDurability({ runId: '' }, { log })).toThrow(StreamError);
  });
});

/** The toolkit's own interface, which ours must be. */
export const assignable = (
  ours: StreamDurability<StreamChunk>,
): Parameters<typeof resumeServerSentEventsResponse>[0]['adapter'] => ours;
