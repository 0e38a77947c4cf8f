import { pipeline, type StepContext } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { stage } from './stage.js';

describe('context', () => {
  it('says what a step says, in order, and nothing once the step is over', async () => {
    let late!: StepContext;
    const talking = pipeline('talking').step('talk', async function* (_, context) {
      late = context;
      yield 'a';
      context.emitProgress(0.5, 'half');
      context.log('found', { n: 1 });
      yield 'b';
      context.emit('page_crawled', { url: 'https://example.org' });
      await context.checkpoint({ at: 2 });
    });
    const { told } = await stage(talking, undefined);
    late.emitProgress(1);
    late.log('late');
    expect(told.slice(2, -1)).toEqual(
      [
        'step_output talk #1 ["a"]',
        'step_progress talk "half"',
        'step_log talk "found"',
        'step_output talk #1 ["b"]',
        'page_crawled talk',
        'checkpoint_saved talk {"at":2}',
        'step_complete talk #1 "ab"',
      ].map((line) => line),
    );
  });

  it.each([
    ['a fraction', (context: StepContext) => context.emitProgress(1.5), 'fraction must be a number from 0 to 1, got'],
    ['data', (context: StepContext) => context.emit('own', { bad: NaN }), 'data of event "own" must be JSON but'],
    ['a state', (context: StepContext) => context.checkpoint(undefined as never), 'state must be JSON but'],
    ['an answer that nobody can give', (context: StepContext) => context.waitFor('x'), 'nobody can answer "x"'],
  ])('refuses %s', async (_, say, message) => {
    const bad = pipeline('bad').step('say', async (__, context) => {
      await say(context);
    });
    expect(((await stage(bad, undefined)).error as Error).message).toContain(message);
  });

  it('has one signal, whenever it is asked for', async () => {
    const signals: AbortSignal[] = [];
    const asking = pipeline('asking').step('ask', (_, context) => {
      signals.push(context.signal, context.signal);
      queueMicrotask(() => signals.push(context.signal));
    });
    await stage(asking, undefined);
    expect([new Set(signals).size, signals[0]!.aborted]).toEqual([1, true]);
  });
});
