import { pipeline } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { stage } from './stage.js';

const hang = (): Promise<never> => new Promise(() => {});

describe('execution', () => {
  it('tells nothing behind the last event, also of what was at work elsewhere', async () => {
    const wide = pipeline('wide').parallel('all', {
      fail: (start) => start.step('fail', () => Promise.reject(new Error('no'))),
      hang: (start) => start.step('hang', hang),
      long: (start) => start.map('none', (each) => each as never).step('never', hang) as never,
    });
    const { told } = await stage(wide, [1] as never);
    expect(told.at(-1)).toBe('pipeline_error "no"');
    expect(told).toContain('step_error all/hang/hang #1 "no"');
  });

  it('undoes what another branch has done by then', async () => {
    const undone: string[] = [];
    const wide = pipeline('wide').parallel('all', {
      done: (start) => start.step('done', () => 'x', { compensate: (output) => undone.push(output) }),
      fail: (start) =>
        start
          .step('wait', () => new Promise((resolve) => setImmediate(resolve)))
          .step('fail', () => {
            throw new Error('no');
          }),
    });
    const { told } = await stage(wide, undefined);
    expect([undone, told.at(-2)]).toEqual([['x'], 'step_compensated all/done/done']);
  });

  it('stops a stream that is still written when the step that reads it fails', async () => {
    let stopped = false;
    const broken = pipeline('broken')
      .step('write', async function* (_, { signal }) {
        signal.addEventListener('abort', () => (stopped = true));
        for (;;) {
          yield 'x';
          await new Promise((resolve) => setImmediate(resolve));
        }
      })
      .step(
        'read',
        async (input) => {
          for await (const _ of input) throw new Error('no');
        },
        { input: 'stream' },
      );
    const { error, told } = await stage(broken, undefined);
    expect([error, stopped, told.at(-1)]).toEqual([new Error('no'), true, 'pipeline_error "no"']);
    expect(told).toContain('step_error write #1 "no"');
  });

  it('works on more items at once than a platform likes listeners, without a word', async () => {
    const warnings: unknown[] = [];
    const hear = (warning: unknown): void => void warnings.push(warning);
    process.on('warning', hear);
    const many = pipeline<number[]>('many').map(
      'items',
      (each) => each.step('wait', async (n) => (await new Promise((resolve) => setImmediate(resolve)), n + 1)),
      { concurrency: 1000 },
    );
    const items = Array.from({ length: 1000 }, (_, i) => i);
    const { output } = await stage(many, items);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', hear);
    expect([output, warnings]).toEqual([items.map((n) => n + 1), []]);
  });

  it('begins no more items when one has failed', async () => {
    const begun: number[] = [];
    const some = pipeline<number[]>('some').map(
      'items',
      (each) =>
        each.step('try', (n) => {
          begun.push(n);
          if (n === 2) throw new Error('no');
          return n;
        }),
      { concurrency: 1 },
    );
    const { error } = await stage(some, [1, 2, 3, 4]);
    expect([error, begun]).toEqual([new Error('no'), [1, 2]]);
    expect((await stage(some, [])).output).toEqual([]);
  });

  it('asks a branch for true or false', async () => {
    const odd = pipeline('odd').branch(
      'which',
      () => 'yes' as never,
      (start) => start,
    );
    expect((await stage(odd, 1)).error).toMatchObject({
      code: 'callback-failed',
      message: 'when of branch "which" must answer true or false',
    });
  });

  it('has a writer’s later attempt answer with a value where the first one streamed', async () => {
    let attempts = 0;
    const broken = pipeline('broken')
      .step(
        'write',
        () => {
          if (++attempts > 1) return 'whole' as never;
          return (async function* () {
            yield 'ha';
            throw new Error('cut');
          })();
        },
        { retry: { attempts: 2, delayMs: 0 } },
      )
      .step(
        'read',
        async (input) => {
          const all: string[] = [];
          for await (const piece of input) all.push(piece);
          return all;
        },
        { input: 'stream' },
      );
    expect((await stage(broken, undefined)).output).toEqual(['whole']);
  });
});
