import { lastValueFrom, NEVER, type Observable, toArray } from 'rxjs';
import { actor, type ActorChunk, team } from 'sluice/run';
import { describe, expect, it } from 'vitest';

const says = (name: string, word: string) =>
  actor(name, {
    async *stream(question: string) {
      yield { type: 'data', value: `${word} ` };
      yield { type: 'data', value: question };
    },
  });
const failing = actor<string, string>('failing', {
  execute: () => {
    throw new Error('no');
  },
});
const scheduler = { now: () => 0 };

describe('team', () => {
  it('merges what its members contribute, each with their names', async () => {
    const panel = team('panel', { hope: says('optimist', 'yes'), doubt: says('sceptic', 'no') }, { scheduler });
    const chunks = await lastValueFrom(panel.stream('why').pipe(toArray()));
    expect(chunks).toContainEqual({ type: 'action-data', action: 'hope', actor: 'optimist', value: 'yes ' });
    expect(chunks).toContainEqual({ type: 'action-data', action: 'doubt', actor: 'sceptic', value: 'no ' });
    const starts = chunks.filter(({ type }) => (type as string) === 'action-start');
    expect(chunks.indexOf(starts[1]!)).toBeLessThan(4);
    expect(chunks.at(-1)).toEqual({ type: 'complete', output: { hope: 'yes why', doubt: 'no why' } });
    const { hope }: { hope?: string } = await panel.execute('why');
    expect(hope).toBe('yes why');
  });

  it('fails with the first that fails, and calls the others off', async () => {
    let aborted = false;
    const holder = actor('holder', {
      stream: (_: string, { signal }) => {
        signal.addEventListener('abort', () => (aborted = true));
        return NEVER as Observable<ActorChunk>;
      },
    });
    const panel = team('panel', { holder, failing });
    expect((await lastValueFrom(panel.stream('x').pipe(toArray()))).at(-1)).toMatchObject({
      type: 'error',
      message: 'no',
    });
    expect(aborted).toBe(true);
  });

  it('goes on without those that fail, where that is wanted, as long as there is one', async () => {
    const silent = actor<string, undefined>('silent', { execute: () => undefined });
    const panel = team('panel', { failing, hope: says('optimist', 'yes'), silent }, { onFailure: 'continue' });
    const chunks = await lastValueFrom(panel.stream('x').pipe(toArray()));
    expect(chunks).toContainEqual(expect.objectContaining({ type: 'action-error', action: 'failing', message: 'no' }));
    expect(chunks.at(-1)).toEqual({ type: 'complete', output: { hope: 'yes x' } });
    const none = team('none', { failing, other: failing }, { onFailure: 'continue' });
    await expect(none.execute('x')).rejects.toThrow('no');
  });

  it('refuses what is no team', () => {
    expect(() => team('t', {})).toThrow('team "t" must have a member');
    expect(() => team('t', { 'a b': failing })).toThrow('a step id');
    expect(() => team('t', { failing }, { onFailure: 'skip' as never })).toThrow(
      'onFailure must be "fail" or "continue"',
    );
  });
});
