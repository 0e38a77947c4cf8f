/* oxlint-disable unicorn/no-thenable -- a word of pipelines, and a list */
import { readFileSync } from 'node:fs';
import { delay, from, of } from 'rxjs';
import { createStepTypes, PipelineError, pipelineFromJson } from 'sluice/run/json';
import { runPipeline } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { fastTime, stage } from '../stage.js';

interface Services {
  readonly shop: { charge(amount: number): string };
}

const undone: unknown[] = [];
let flaky = 0;
const types = createStepTypes<Services>()
  .with('words', {
    parameters: z.strictObject({ text: z.string() }),
    run: ({ text }) => from(text.split(/(?<= )/)).pipe(delay(0)),
  })
  .with('shout', {
    run: async function* (_, __, input) {
      for await (const word of input as AsyncIterable<string>) yield word.toUpperCase();
    },
  })
  .with('length', { run: (_, __, input) => (input as string).length })
  .with('add', {
    parameters: z.strictObject({ a: z.number(), b: z.number().default(1) }),
    run: ({ a, b }) => a + b,
  })
  .with('charge', {
    parameters: z.strictObject({ amount: z.number() }),
    needs: ['shop'],
    run: ({ amount }, { services }) => services.shop.charge(amount),
  })
  .with('refund', { parameters: z.strictObject({ receipt: z.string() }), run: (given) => undone.push(given) })
  .with('flaky', {
    run: () => {
      if (++flaky % 3 !== 0) throw new Error('not yet');
      return 'now';
    },
  })
  .with('hang', { run: () => new Promise(() => {}) });

const services: Services = { shop: { charge: (amount) => `paid ${amount}` } };

const built = (steps: unknown[], rest: object = {}) => pipelineFromJson({ name: 'it', steps, ...rest }, { types });
const outcome = async (steps: unknown[], input: unknown = null) =>
  await stage(built(steps), input as never, { services, scheduler: fastTime() });

describe('pipeline from JSON', () => {
  it('runs steps in order, each with what it refers to', async () => {
    const { output, told } = await outcome(
      [
        { id: 'first', type: 'add', with: { a: { $from: 'input.n' } } },
        { id: 'second', type: 'add', with: { a: { $from: 'steps.first' }, b: { $from: 'input.n' } } },
        { id: 'say', type: 'value', with: { value: { $join: ['it is ', { $from: 'steps.second' }] } } },
      ],
      { n: 4 },
    );
    expect(output).toBe('it is 9');
    expect(told).toContain('step_complete second #1 9');
  });

  it('takes a text as well, and says where it is no JSON', () => {
    const text = '{ "name": "it", "steps": [] }';
    expect(pipelineFromJson(text, { types }).name).toBe('it');
    expect(() => pipelineFromJson('{ "name"', { types })).toThrow(PipelineError);
    expect(() => pipelineFromJson('{ "name"', { types })).toThrow(/^pipeline: .*JSON/);
  });

  it('streams from step to step, and tells as much as it is told to', async () => {
    const steps = [
      { id: 'write', type: 'words', with: { text: 'a bb ccc' } },
      { id: 'loud', type: 'shout', streaming: true },
      { id: 'count', type: 'length' },
      { id: 'all', type: 'value', with: { value: [{ $from: 'steps.write' }, { $from: 'steps.loud' }] } },
    ];
    const told = async (streaming: object) => {
      const { output, events } = await stage(built(steps, { streaming }), null);
      return [output, events.filter(({ event_type: type }) => type === 'step_output').length];
    };
    expect(await told({ buffer_size: 1 })).toEqual([['a bb ccc', 'A BB CCC'], 6]);
    expect(await told({ buffer_size: 8, flush_interval_ms: 1000, emit_progress: false })).toEqual([
      ['a bb ccc', 'A BB CCC'],
      2,
    ]);
    expect(await told({ enabled: false })).toEqual([['a bb ccc', 'A BB CCC'], 0]);
  });

  it('runs branches at the same time, goes one of two ways, and maps over items', async () => {
    const steps = [
      {
        id: 'both',
        parallel: {
          one: [{ id: 'one', type: 'add', with: { a: 1 } }],
          two: [{ id: 'two', type: 'value', with: { value: 'two' } }],
        },
      },
      {
        id: 'which',
        if: { at_least: [{ $from: 'steps.both.one' }, 2] },
        then: [{ id: 'yes', type: 'value', with: { value: [{ $from: 'steps.both.two' }, 3, 4] } }],
        else: [{ id: 'no', type: 'value', with: { value: [] } }],
      },
      {
        id: 'each',
        map: { $from: 'steps.which' },
        concurrency: 2,
        steps: [
          { id: 'pair', type: 'value', with: { value: [{ $from: 'index' }, { $from: 'item' }] } },
          { id: 'wrap', type: 'value', with: { value: { pair: { $from: 'steps.pair' } } } },
        ],
      },
    ];
    const { output, told } = await outcome(steps);
    expect(output).toEqual([{ pair: [0, 'two'] }, { pair: [1, 3] }, { pair: [2, 4] }]);
    expect(told).toContain('step_complete each/2/wrap #1 {"pair":[2,4]}');
    const other = await outcome([{ id: 'no', if: false, then: [] }], 'as it was');
    expect(other.output).toBe('as it was');
  });

  it('runs again what failed, fails what takes too long, and undoes what was done', async () => {
    const charge = (n: number) => ({
      id: `charge-${n}`,
      type: 'charge',
      with: { amount: n },
      compensate: { type: 'refund', with: { receipt: { $from: `steps.charge-${n}` } } },
    });
    const { error, told } = await outcome([
      charge(1),
      { ...charge(2), compensate: { type: 'refund', with: { receipt: 'two' } } },
      { id: 'flaky', type: 'flaky', retry: { attempts: 3, delay_ms: 100, max_delay_ms: 150 } },
      { id: 'hang', type: 'hang', timeout_ms: 50 },
    ]);
    expect(error).toMatchObject({ code: 'step-timeout' });
    expect(undone).toEqual([{ receipt: 'two' }, { receipt: 'paid 1' }]);
    expect(told.filter((line) => line.startsWith('step_retry'))).toHaveLength(2);
    const again = await outcome([{ id: 'flaky', type: 'flaky', retry: { attempts: 3 } }]);
    expect(again.output).toBe('now');
    expect(told.slice(-3, -1)).toEqual(['step_compensated charge-2', 'step_compensated charge-1']);
  });

  it('names a service that is missing before anything begins', async () => {
    const needy = built([
      { id: 'first', type: 'value', with: { value: 1 } },
      { id: 'charge', type: 'charge', with: { amount: 1 } },
    ]);
    const events: unknown[] = [];
    await expect(
      runPipeline(needy, null, { services: {} as Services, sink: { next: (event) => void events.push(event) } }),
    ).rejects.toMatchObject({
      code: 'pipeline-invalid',
      message: 'pipeline "it" needs services that are not there: shop',
    });
    expect(events).toEqual([]);
  });

  it.each([
    ['an unknown type', [{ id: 'a', type: 'fly' }], 'step-type-unknown', 'steps.0.type'],
    ['a wrong parameter', [{ id: 'a', type: 'add', with: { a: 'one' } }], 'parameter-invalid', 'steps.0.with.a'],
    [
      'a missing parameter',
      [{ id: 'a', type: 'add', with: { b: { $from: 'input' } } }],
      'parameter-invalid',
      'steps.0.with.a',
    ],
    ['a parameter too many', [{ id: 'a', type: 'hang', with: { a: 1 } }], 'parameter-invalid', 'steps.0.with.a'],
    [
      'one of a compensation',
      [{ id: 'a', type: 'hang', compensate: { type: 'refund', with: { receipt: 1 } } }],
      'parameter-invalid',
      'steps.0.compensate.with.receipt',
    ],
    [
      'an unknown compensation',
      [{ id: 'a', type: 'hang', compensate: { type: 'fly' } }],
      'step-type-unknown',
      'steps.0.compensate.type',
    ],
  ])('refuses %s', (_, steps, problem, field) => {
    const wrong = (): unknown => built(steps);
    expect(wrong).toThrow(expect.objectContaining({ code: 'pipeline-invalid', problem, field }) as Error);
  });

  it('checks at run time what is only known then, naming the field', async () => {
    const { error } = await outcome([{ id: 'a', type: 'add', with: { a: { $from: 'input.n' } } }], { n: 'x' });
    expect(error).toMatchObject({ code: 'data-malformed', details: { field: 'steps.0.with.a' } });
    expect((error as Error).message).toMatch(/^steps\.0\.with\.a: .*number, got a string$/);
    const list = await outcome([{ id: 'a', map: { $from: 'input' }, steps: [] }], 'no list');
    expect(list.error).toMatchObject({ code: 'data-malformed' });
  });

  it('lets a step answer an Observable as any other', async () => {
    const more = types.with('count', { run: () => of(1, 2, 3) });
    const count = pipelineFromJson(
      { name: 'it', steps: [{ id: 'n', type: 'count', output: 'value' }] },
      { types: more },
    );
    expect(await runPipeline(count, null, { services })).toEqual([1, 2, 3]);
  });

  it('takes what the documentation shows', async () => {
    const page = readFileSync(new URL('../../../docs/runs.md', import.meta.url), 'utf8');
    const [, text = ''] = /```json\n([^]*?)```/.exec(page) ?? [];
    const shown = createStepTypes()
      .with('search', {
        parameters: z.strictObject({ query: z.string() }),
        run: ({ query }) => ({ count: 3, hits: [query] }),
      })
      .with('write', { parameters: z.strictObject({ prompt: z.string() }), run: ({ prompt }) => prompt });
    const answer = pipelineFromJson(text, { types: shown });
    expect(await runPipeline(answer, { question: 'sluices' })).toBe('About: ["sluices"]');
  });
});
