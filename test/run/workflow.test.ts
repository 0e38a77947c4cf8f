import { lastValueFrom, map, toArray } from 'rxjs';
import { actor, workflow } from 'sluice/run';
import { describe, expect, it } from 'vitest';

const searcher = actor('searcher', { execute: (question: string) => [`about ${question}`] });
const writer = actor('writer', {
  async *stream(hits: string[]) {
    for (const hit of hits) yield { type: 'data', value: `${hit}.` };
  },
});
const critic = actor('critic', { execute: (text: string) => text.length });
const scheduler = { now: () => 0 };

describe('workflow', () => {
  it('runs actors one after the other and tells of each', async () => {
    const answer = workflow<string>('answer', { scheduler }).action('search', searcher).action('write', writer);
    expect(await lastValueFrom(answer.stream('locks').pipe(toArray()))).toEqual([
      { type: 'start', input: 'locks' },
      { type: 'action-start', action: 'search', actor: 'searcher' },
      { type: 'action-complete', action: 'search', actor: 'searcher', output: ['about locks'], duration_ms: 0 },
      { type: 'action-start', action: 'write', actor: 'writer' },
      { type: 'action-data', action: 'write', actor: 'writer', value: 'about locks.' },
      { type: 'action-complete', action: 'write', actor: 'writer', output: 'about locks.', duration_ms: 0 },
      { type: 'complete', output: 'about locks.' },
    ]);
    const text: string = await answer.execute('locks');
    expect(text).toBe('about locks.');
  });

  it('gives an action what it asks for, and leaves out what is not wanted', async () => {
    const whole = workflow<string>('whole')
      .action('search', searcher)
      .action('skipped', writer, { when: (hits, { input }) => hits.length > 3 && input === 'x' })
      .action('wanted', actor('same', { execute: (hits: readonly string[] | string) => hits[0]! }), {
        when: () => true,
      })
      .action('count', critic, { input: (_, { outputs, input }) => `${String(outputs['wanted'])} ${String(input)}` });
    expect(await whole.execute('ab')).toBe('about ab ab'.length);
    const types = whole.stream('ab').pipe(
      map((chunk) => (chunk as { action?: string }).action),
      toArray(),
    );
    expect(new Set(await lastValueFrom(types))).toEqual(new Set([undefined, 'search', 'skipped', 'wanted', 'count']));
  });

  it('is an actor itself, and stops at the first that fails', async () => {
    const failing = actor('failing', {
      execute: (): number => {
        throw new Error('no');
      },
    });
    const inner = workflow<string>('inner', { scheduler }).action('search', searcher).action('fail', failing);
    const outer = workflow<string>('outer', { scheduler })
      .action('in', inner)
      .action('after', critic, { input: () => 'x' });
    const chunks = await lastValueFrom(outer.stream('x').pipe(toArray()));
    expect(chunks.map((chunk) => `${chunk.type} ${(chunk as { action?: string }).action ?? ''}`.trim())).toEqual([
      'start',
      'action-start in',
      'action-start in/search',
      'action-complete in/search',
      'action-start in/fail',
      'action-error in/fail',
      'action-error in',
      'error',
    ]);
    expect(chunks.at(-1)).toMatchObject({ type: 'error', message: 'no' });
  });

  it('does nothing where it has no action', async () => {
    expect(await workflow<number>('none').execute(3)).toBe(3);
    expect(await lastValueFrom(workflow<undefined>('none').stream(undefined).pipe(toArray()))).toEqual([
      { type: 'start' },
      { type: 'complete' },
    ]);
  });

  it('refuses two actions of one name', () => {
    const once = workflow<string>('w').action('a', critic);
    expect(() => once.action('a', critic as never)).toThrow('workflow "w" has two actions "a"');
    expect(() => workflow('a b')).toThrow('a step id');
    expect(() => workflow<string>('w').action('', critic)).toThrow('a step id');
    // @ts-expect-error -- the critic is asked for a text, the searcher answers a list
    workflow<string>('w').action('search', searcher).action('count', critic);
  });
});
