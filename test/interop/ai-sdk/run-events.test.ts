import { describe, expect, it } from 'vitest';
import { createChunk, StreamError } from '../../../src/chunk/index.js';
import { RunEvents } from '../../../src/interop/ai-sdk/run-events.js';

const chunk = createChunk({ streamId: 's', seq: 3, data: { type: 'start' } });
const first = 'id: r.3\ndata: {"type":"start"}\n\n';
const done = 'data: [DONE]\n\n';

/** All events of a run that ends so. */
async function eventsOf(end?: unknown): Promise<(string | undefined)[]> {
  async function* chunks() {
    await Promise.resolve();
    yield chunk;
    if (end !== undefined) throw end;
  }
  const events = new RunEvents(chunks(), 'r', ({ code }) => code);
  const all = [];
  for (let result = await events.next(); result.done !== true; result = await events.next()) all.push(result.value);
  return all;
}

describe('RunEvents', () => {
  it('says where each chunk is, and the end', async () => {
    expect(await eventsOf()).toEqual([first, done]);
  });

  it.each([
    ['stream-cancelled', '{"type":"abort"}'],
    ['stream-failed', '{"type":"error","errorText":"stream-failed"}'],
    ['stream-not-found', '{"type":"error","errorText":"stream-not-found"}'],
    ['gap', '{"type":"error","errorText":"gap"}'],
  ] as const)('says that a run has ended with %s', async (code, said) => {
    expect(await eventsOf(new StreamError(code, 'no'))).toEqual([first, `data: ${said}\n\n`, done]);
  });

  it.each([new StreamError('log-unavailable', 'no'), new Error('no')])(
    'breaks off when it cannot be known: %s',
    async (error) => {
      await expect(eventsOf(error)).rejects.toBe(error);
    },
  );

  it('lets the chunks go', async () => {
    let left = false;
    const next = () => new Promise<never>(() => {});
    const leave = () => Promise.resolve({ done: true as const, value: ((left = true), undefined) });
    await new RunEvents({ next, return: leave }, 'r', String).return();
    await new RunEvents({ next }, 'r', String).return();
    expect(left).toBe(true);
  });
});
