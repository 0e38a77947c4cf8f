import { EMPTY, of } from 'rxjs';
import * as z from 'zod';
import { actorPayloads } from 'sluice/chunk';
import { actor, type ActorChunk, workflowPayloads } from 'sluice/run';
import { toAsyncIterable } from 'sluice/source/iterable';
import { describe, expect, it } from 'vitest';
import { type Action, runAction } from '../../src/run/action.js';

/** What an action says, and what it comes to. */
async function heard(action: Action, input?: unknown): Promise<{ said: unknown[]; output?: unknown; error?: unknown }> {
  const context = { id: 'call', attempt: 1, signal: new AbortController().signal };
  let time = 0;
  const running = runAction(action, input, context, { now: () => (time += 5) });
  const said: unknown[] = [];
  try {
    for (;;) {
      const { done, value } = await running.next();
      if (done === true) return { said, output: value };
      expect(workflowPayloads.parse(value)).toEqual(value);
      said.push(value);
    }
  } catch (error) {
    return { said, error };
  }
}

const name = { action: 'write', actor: 'writer' };

describe('an action', () => {
  it('says what its actor says, in its name', async () => {
    const writer = actor('writer', {
      async *stream(topic: string, { id }) {
        yield { type: 'progress', current: 1, message: id };
        yield { type: 'data', value: `on ${topic}` };
      },
    });
    expect(await heard({ action: 'write', actor: writer }, 'x')).toEqual({
      said: [
        { type: 'action-start', ...name },
        { type: 'action-progress', ...name, current: 1, message: 'call.1.write' },
        { type: 'action-data', ...name, value: 'on x' },
        { type: 'action-complete', ...name, output: 'on x', duration_ms: 5 },
      ],
      output: 'on x',
    });
  });

  it('begins anew when its actor does', async () => {
    const writer = actor('writer', {
      stream: () =>
        of<ActorChunk[]>(
          { type: 'start' },
          { type: 'data', value: 'a' },
          { type: 'start', attempt: 2 },
          { type: 'start' },
          { type: 'data', value: 'b' },
        ),
    });
    const { said, output } = await heard({ action: 'write', actor: writer });
    expect(said.slice(2, 4)).toEqual([
      { type: 'action-start', ...name, attempt: 2 },
      { type: 'action-start', ...name },
    ]);
    expect(output).toBe('b');
  });

  it('fails as its actor does', async () => {
    const failing = actor('writer', { execute: () => Promise.reject(new Error('no')) });
    expect(await heard({ action: 'write', actor: failing })).toMatchObject({
      said: [
        { type: 'action-start' },
        { type: 'action-error', ...name, message: 'no', code: 'stream-failed', duration_ms: 5 },
      ],
      error: { message: 'no' },
    });
    const silent = actor('writer', { execute: () => undefined });
    expect(await heard({ action: 'write', actor: silent })).toEqual({
      said: [
        { type: 'action-start', ...name },
        { type: 'action-complete', ...name, duration_ms: 5 },
      ],
      output: undefined,
    });
    const gone = {
      name: 'writer',
      stream: () => {
        throw new Error('odd');
      },
      execute: async () => {},
    } as never;
    expect((await heard({ action: 'write', actor: gone })).said.at(-1)).toEqual({
      type: 'action-error',
      ...name,
      message: 'odd',
      duration_ms: 5,
    });
  });

  it('comes to nothing where the actor ends without a word', async () => {
    const mute = { name: 'writer', stream: () => toAsyncIterable(EMPTY, { capacity: 1 }) } as never;
    expect(await heard({ action: 'write', actor: mute })).toEqual({
      said: [{ type: 'action-start', ...name }],
      output: undefined,
    });
    const refused = { ...name, type: 'action-data', value: new Map() };
    expect(() => workflowPayloads.parse(refused)).toThrow('"value": must be JSON');
  });

  it('passes on what has a kind of its own, and what actions say within it', async () => {
    const citing = actor('writer', {
      payloads: actorPayloads.with({ citation: z.strictObject({ url: z.string() }) }),
      stream: () => of({ type: 'citation', url: 'a' } as unknown as ActorChunk),
    });
    expect((await heard({ action: 'write', actor: citing })).said[1]).toEqual({
      type: 'action-chunk',
      ...name,
      chunk: { type: 'citation', url: 'a' },
    });
    const outer = actor('writer', {
      payloads: workflowPayloads,
      stream: () => of({ type: 'action-data', action: 'draft', actor: 'pen', value: 1 } as unknown as ActorChunk),
    });
    expect((await heard({ action: 'write', actor: outer })).said[1]).toEqual({
      type: 'action-data',
      action: 'write/draft',
      actor: 'pen',
      value: 1,
    });
  });
});
