import { describe, expectTypeOf, it } from 'vitest';
import { of } from 'rxjs';
import {
  createRuns,
  type OutputOf,
  pipeline,
  type Run,
  runPipeline,
  type RunEvent,
  type Streamed,
  type StreamInput,
  type StreamOf,
  type ValueOf,
} from '../../src/run/index.js';
import { createStepTypes } from '../../src/run/json/index.js';
import * as z from 'zod';

async function* words(text: string): AsyncGenerator<string> {
  yield text;
}

// The compiler is the test: the run only shows that nothing throws.
describe('types of runs', () => {
  it('give a step what the one before it answered', () => {
    pipeline<string>('p')
      .step('count', (text) => {
        expectTypeOf(text).toEqualTypeOf<string>();
        return Promise.resolve(text.length);
      })
      .step('double', (n) => {
        expectTypeOf(n).toEqualTypeOf<number>();
        // @ts-expect-error - it is a number now
        expectTypeOf(n).toEqualTypeOf<string>();
        return n * 2;
      });
    // @ts-expect-error - a text has no such method
    pipeline<string>('p').step('bad', (text) => text.toFixed());
  });

  it('give a value step all of a stream, and a streaming step the stream', () => {
    const streaming = pipeline<string>('p').step('words', words);
    streaming.step('all', (text) => expectTypeOf(text).toEqualTypeOf<string>());
    streaming.step('bits', (input) => expectTypeOf(input).toEqualTypeOf<StreamInput<string>>(), { input: 'stream' });
    streaming.step('both', (input) => expectTypeOf(input).toEqualTypeOf<StreamInput<string>>(), { streaming: true });
    // @ts-expect-error - without saying so it is given a text
    streaming.step('bad', (input) => input.pipe());
    streaming
      .step('bytes', () => of(new Uint8Array()))
      .step('all', (all) => expectTypeOf(all).toEqualTypeOf<Uint8Array>());
    streaming.step('list', () => of(1)).step('all', (all) => expectTypeOf(all).toEqualTypeOf<readonly number[]>());
    // @ts-expect-error - numbers become a list
    streaming.step('list', () => of(1)).step('all', (all) => expectTypeOf(all).toEqualTypeOf<number>());
  });

  it('follow what a step says it puts out', () => {
    const start = pipeline<string>('p');
    start
      .step('whole', words, { output: 'value' })
      .step('next', (input) => expectTypeOf(input).toEqualTypeOf<StreamInput<string>>(), {
        input: 'stream',
      });
    const one = start.step('one', (text) => text.length, { output: 'stream' });
    one.step('next', (all) => expectTypeOf(all).toEqualTypeOf<readonly number[]>());
    // @ts-expect-error - it is a stream of one
    one.step('next', (n) => n.toFixed());
    expectTypeOf<OutputOf<string, 'stream'>>().toEqualTypeOf<Streamed<string>>();
    expectTypeOf<OutputOf<AsyncIterable<number>, 'value'>>().toEqualTypeOf<readonly number[]>();
    // @ts-expect-error - bit by bit it stays
    expectTypeOf<OutputOf<AsyncIterable<number>>>().toEqualTypeOf<readonly number[]>();
    // @ts-expect-error - both at once say the same twice
    const twice = (): unknown => start.step('bad', (text) => text, { streaming: true, input: 'value' });
    // @ts-expect-error - there is no third form
    const third = (): unknown => start.step('bad', (text) => text, { output: 'file' });
    expectTypeOf([twice, third]).toBeArray();
  });

  it('make one piece of each', () => {
    const lengths = pipeline<string>('p')
      .step('words', words)
      .each('length', (word) => {
        expectTypeOf(word).toEqualTypeOf<string>();
        return word.length;
      });
    expectTypeOf(runPipeline(lengths, 'a')).resolves.toEqualTypeOf<readonly number[]>();
    // @ts-expect-error - each of which is a number
    expectTypeOf(runPipeline(lengths, 'a')).resolves.toEqualTypeOf<readonly string[]>();
    expectTypeOf<ValueOf<Streamed<string>>>().toEqualTypeOf<string>();
    expectTypeOf<StreamOf<number>>().toEqualTypeOf<StreamInput<number>>();
  });

  it('know what parts of a pipeline answer', () => {
    const parts = pipeline<readonly number[]>('p')
      .map('each', (item) => item.step('text', (n) => `${n}`))
      .parallel('both', {
        first: (start) => start.step('first', (texts) => texts[0]),
        count: (start) => start.step('count', (texts) => texts.length),
      })
      .branch(
        'which',
        ({ count }) => count > 0,
        (start) => start.step('yes', ({ first }) => first),
        (start) => start.step('no', () => null),
      );
    expectTypeOf(runPipeline(parts, [1])).resolves.toEqualTypeOf<string | undefined | null>();
    // @ts-expect-error - the input is a list of numbers
    const bad = (): unknown => runPipeline(parts, ['a']);
    expectTypeOf(bad).toBeFunction();
  });

  it('hand in the services a pipeline needs', () => {
    const needy = pipeline<string, { readonly count: (text: string) => number }>('p').step(
      'count',
      (text, { services }) => services.count(text),
    );
    const use = (): unknown => runPipeline(needy, 'a', { services: { count: (text) => text.length } });
    // @ts-expect-error - these are others
    const misuse = (): unknown => runPipeline(needy, 'a', { services: { size: 1 } });
    const runs = createRuns({ streams: {} as never, services: { count: (text: string) => text.length } });
    const start = (): Run<number> => runs.start(needy, 'a');
    // @ts-expect-error - the result is a number
    const wrong = (): Run<string> => runs.start(needy, 'a');
    expectTypeOf([use, misuse, start, wrong]).toBeArray();
  });

  it('undo what a step put out, whole', () => {
    pipeline<string>('p').step('words', words, {
      compensate: (output, _, input) => {
        expectTypeOf(output).toEqualTypeOf<string>();
        expectTypeOf(input).toEqualTypeOf<string>();
        // @ts-expect-error - all of it is a text
        expectTypeOf(output).toEqualTypeOf<number>();
      },
    });
  });

  it('tell events apart by their type', () => {
    const read = (event: RunEvent): unknown => {
      // @ts-expect-error - not every event has values
      void event.data.values;
      return event.event_type === 'step_output' ? event.data.values.length : undefined;
    };
    expectTypeOf(read).toBeFunction();
  });

  it('give a step of a type its parameters and services', () => {
    createStepTypes<{ readonly n: number }>().with('add', {
      parameters: z.strictObject({ by: z.number() }),
      needs: ['n'],
      run: ({ by }, { services }) => {
        expectTypeOf(by).toEqualTypeOf<number>();
        return by + services.n;
      },
    });
    // @ts-expect-error - there is no such service
    createStepTypes<{ readonly n: number }>().with('bad', { needs: ['m'], run: () => 1 });
  });
});
