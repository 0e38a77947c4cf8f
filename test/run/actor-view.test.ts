import { from, lastValueFrom, map, of, toArray } from 'rxjs';
import { type ActorChunk, actorView } from 'sluice/run';
import { describe, expect, it } from 'vitest';

describe('actorView', () => {
  it('shows what is new, the text, and how far it is', async () => {
    const chunks: ActorChunk[] = [
      { type: 'start' },
      { type: 'progress', current: 1, total: 2, message: 'writing' },
      { type: 'data', value: 'wrong' },
      { type: 'start', attempt: 2 },
      { type: 'data', value: 'all ' },
      { type: 'data', value: { a: 1 } },
      { type: 'data', value: 'right' },
      { type: 'citation' } as unknown as ActorChunk,
      { type: 'complete', output: 2 },
    ];
    const views = await lastValueFrom(from(chunks).pipe(actorView(), toArray()));
    expect(views.map(({ delta, text, start }) => [start, delta, text])).toEqual([
      [1, '', ''],
      [1, '', ''],
      [1, 'wrong', 'wrong'],
      [2, '', ''],
      [2, 'all ', 'all '],
      [2, '', 'all '],
      [2, 'right', 'all right'],
      [2, '', 'all right'],
      [2, '', 'all right'],
    ]);
    expect(views[2]!.progress).toEqual({ current: 1, total: 2, message: 'writing' });
    expect(views[3]!.progress).toBeUndefined();
    expect(views.map(({ status }) => status).slice(-2)).toEqual(['running', 'completed']);
    expect(views.at(-1)).toMatchObject({ output: 2 });
  });

  it('shows why a call failed, and that one has no output', async () => {
    const failed = of<ActorChunk>({ type: 'error', message: 'no', code: 'gap' }).pipe(actorView());
    expect(await lastValueFrom(failed)).toMatchObject({ status: 'failed', error: { message: 'no', code: 'gap' } });
    const view = await lastValueFrom(of<ActorChunk>({ type: 'complete' }).pipe(actorView()));
    expect('output' in view).toBe(false);
  });

  it('keeps a bounded text, anew for each who looks', async () => {
    const long = of<ActorChunk[]>({ type: 'data', value: 'abc' }, { type: 'data', value: 'd' });
    await expect(lastValueFrom(long.pipe(actorView({ maxLength: 3 })))).rejects.toMatchObject({ code: 'overflow' });
    const texts = long.pipe(
      actorView({ maxLength: 4 }),
      map(({ text }) => text),
    );
    expect([await lastValueFrom(texts), await lastValueFrom(texts)]).toEqual(['abcd', 'abcd']);
    expect(() => actorView({ maxLength: 0 })).toThrow('maxLength');
  });
});
