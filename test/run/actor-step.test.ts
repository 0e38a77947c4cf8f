import { of } from 'rxjs';
import { actor, type ActorChunk, dataStep, outputStep, pipeline } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { stage } from './stage.js';

const writer = actor('writer', {
  async *stream(topic: string, { id }) {
    yield { type: 'progress', current: 1, total: 4, message: id };
    yield { type: 'progress', current: 9, total: 4 };
    yield { type: 'progress', current: 1 };
    for (const word of ['on ', topic]) yield { type: 'data', value: word };
  },
});

describe('an actor as a step', () => {
  it('answers its output, and passes its progress on', async () => {
    const { output, told } = await stage(
      pipeline<string>('p')
        .step('write', outputStep(writer))
        .step('count', (text) => text.length),
      'sluices',
    );
    expect(output).toBe(10);
    expect(told).toEqual([
      'pipeline_start',
      'step_start write #1',
      expect.stringMatching(/^step_progress write "run\.write\.1\.[\da-f]{8}"$/),
      'step_progress write 1',
      'step_complete write #1 "on sluices"',
      'step_start count #1',
      'step_complete count #1 10',
      'pipeline_complete 10',
    ]);
  });

  it('puts its data out bit by bit', async () => {
    const { output, told } = await stage(pipeline<string>('p').step('write', dataStep(writer)), 'sluices');
    expect(output).toBe('on sluices');
    expect(told).toContain('step_output write #1 ["on ","sluices"]');
  });

  it('fails as the actor does, and is called off with the run', async () => {
    const failing = actor('failing', { stream: () => of<ActorChunk>({ type: 'error', message: 'no', code: 'gap' }) });
    const streamed = await stage(pipeline('p').step('a', dataStep(failing)), null);
    expect(streamed.error).toMatchObject({ code: 'gap', message: 'no' });
    const valued = await stage(pipeline('p').step('a', outputStep(failing)), null);
    expect(valued.error).toMatchObject({ code: 'gap', message: 'no' });
    let aborted: unknown;
    let begin!: () => void;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const holder = actor('holder', {
      execute: (_: unknown, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve((aborted = signal.reason)));
          begin();
        }),
    });
    const stop = new AbortController();
    const running = stage(pipeline('p').step('a', outputStep(holder)), null, { signal: stop.signal });
    await begun;
    stop.abort('enough');
    expect((await running).error).toMatchObject({ code: 'run-cancelled', message: 'enough' });
    expect(aborted).toMatchObject({ message: 'enough' });
  });

  it('cannot take back what it has put out: then it is another attempt', async () => {
    let calls = 0;
    const doubtful = actor('doubtful', {
      async *stream(): AsyncGenerator<ActorChunk<string, string>> {
        yield { type: 'start' };
        yield { type: 'start' };
        yield { type: 'data', value: `${++calls}` };
        if (calls === 1) yield { type: 'start' };
        yield { type: 'data', value: '!' };
      },
    });
    const lost = await stage(pipeline('p').step('a', dataStep(doubtful)), null as never);
    expect(lost.error).toMatchObject({ code: 'producer-fenced', message: 'actor "doubtful" has begun anew' });
    calls = 0;
    const again = await stage(
      pipeline('p').step('a', dataStep(doubtful), { retry: { attempts: 2, delayMs: 0 } }),
      null as never,
    );
    expect(again.output).toBe('2!');
    // A whole output is not affected.
    calls = 0;
    expect((await stage(pipeline('p').step('a', outputStep(doubtful)), null as never)).output).toBe('1!'.slice(1));
  });

  it('has calls of a random name where its own would be too long', async () => {
    const named = actor('named', { execute: (_: unknown, { id }) => id });
    const long = 'x'.repeat(64);
    const deep = pipeline('p').parallel(long, { [long]: (start) => start.step('a', outputStep(named)) });
    const { output } = await stage(deep, null);
    expect((output as Record<string, string>)[long]).toMatch(/^[\da-f-]{36}$/);
  });
});
