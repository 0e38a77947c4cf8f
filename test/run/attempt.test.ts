import { interval, map, Observable, of, take } from 'rxjs';
import { pipeline, type RunEvent, runPipeline } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { fastTime, stage } from './stage.js';

async function* words(text: string): AsyncGenerator<string> {
  yield* text.split(/(?<= )/);
}

describe('attempt', () => {
  it('puts out a value or a stream, whatever the step answers, as it is told', async () => {
    const forms = pipeline<string>('forms')
      .step('whole', words, { output: 'value' })
      .step('one', (text) => text.length, { output: 'stream' })
      .step(
        'list',
        async (numbers) => {
          const all: number[] = [];
          for await (const n of numbers) all.push(n);
          return all;
        },
        { input: 'stream' },
      )
      .step('last', ([n]) => n, { streaming: false });
    const { output, told } = await stage(forms, 'a bb');
    expect(output).toBe(4);
    expect(told.filter((line) => line.startsWith('step_output'))).toEqual(['step_output one #1 [4]']);
    expect(told).toContain('step_complete whole #1 "a bb"');
  });

  it('comes to the same in all four patterns, streamed or not', async () => {
    const shout = (text: string) => text.toUpperCase();
    const results: unknown[] = [];
    for (const input of ['value', 'stream'] as const) {
      for (const output of ['value', 'stream'] as const) {
        for (const enabled of [true, false]) {
          const one = pipeline<string>('one', { streaming: { enabled } }).step('write', words);
          const two =
            input === 'value'
              ? one.step('shout', shout, { output })
              : one.step('shout', (all) => all.pipe(map(shout)), { input, output });
          results.push(
            (
              await stage(
                two.step('join', (text) => [text].flat().join('')),
                'a bb ccc',
              )
            ).output,
          );
        }
      }
    }
    expect(results).toEqual(new Array(8).fill('A BB CCC'));
  });

  it('says with both at once that it streams', async () => {
    const both = pipeline<string>('both')
      .step('write', words)
      .step('count', (input) => input.pipe(map((word) => word.length)), { streaming: true })
      .step('sum', (numbers) => numbers.reduce((sum, n) => sum + n, 0));
    expect((await stage(both, 'a bb')).output).toBe(4);
  });

  it('gives a stream of one piece of what came as a value', async () => {
    const one = pipeline<string>('one')
      .step('write', words, { output: 'value' })
      .step('read', (input) => input.pipe(map((text) => `<${text}>`)), { input: 'stream' });
    expect((await stage(one, 'a bb')).output).toBe('<a bb>');
  });

  it('begins no step before it is known to begin', async () => {
    const log: string[] = [];
    const kept = async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      log.push('kept');
    };
    const next = ({ event_type: type }: RunEvent): void => void log.push(type);
    const two = pipeline('two')
      .step('a', () => log.push('a'))
      .step('b', () => log.push('b'));
    await runPipeline(two, undefined, { sink: { next, kept } });
    expect(log).toEqual([
      'pipeline_start',
      'step_start',
      'kept',
      'a',
      'step_complete',
      'step_start',
      'kept',
      'b',
      'step_complete',
      'pipeline_complete',
    ]);
  });

  it('can be cancelled while it waits to begin', async () => {
    const controller = new AbortController();
    const sink = {
      next: () => {},
      kept: () => (setTimeout(() => controller.abort('enough')), new Promise<void>(() => {})),
    };
    let ran = false;
    const one = pipeline('one').step('a', () => (ran = true));
    await expect(runPipeline(one, undefined, { sink, signal: controller.signal })).rejects.toThrow('enough');
    expect(ran).toBe(false);
  });

  it('holds up a generator while what it put out waits to be kept', async () => {
    let release: (() => void) | undefined;
    let waiting = 0;
    let most = 0;
    let made = 0;
    const sink = {
      next: ({ event_type: type }: RunEvent) => {
        if (type !== 'step_output') return;
        most = Math.max(most, ++waiting);
        setImmediate(() => {
          waiting = 0;
          release?.();
        });
      },
      behind: () => (waiting < 3 ? undefined : new Promise<void>((resolve) => (release = resolve))),
    };
    const flood = pipeline('flood', { streaming: { bufferSize: 1 } }).step('make', async function* () {
      while (made < 200) yield made++;
    });
    expect(await runPipeline(flood, undefined, { sink })).toHaveLength(200);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('lets a piece go that was held up when the step ends otherwise', async () => {
    const sink = { next: () => {}, behind: () => Promise.reject(new Error('gone')) };
    const flood = pipeline('flood').step('make', () => words('a b c'));
    expect(await runPipeline(flood, undefined, { sink })).toBe('a b c');
    let late!: () => void;
    const stuck = { next: () => {}, behind: () => new Promise<void>((resolve) => (late = resolve)) };
    const held = pipeline('held').step('make', () => words('a b c'), { timeoutMs: 10 });
    await expect(runPipeline(held, undefined, { sink: stuck, scheduler: fastTime() })).rejects.toMatchObject({
      code: 'step-timeout',
    });
    late();
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('bounds what a step puts out, texts, bytes and all else', async () => {
    const flood = (piece: unknown) =>
      pipeline('flood').step(
        'make',
        () =>
          new Observable((to) => {
            while (!to.closed) to.next(piece);
          }),
        { maxOutputBytes: 10_000 },
      );
    for (const piece of ['x', new Uint8Array(3), 1, { a: [] }]) {
      expect((await stage(flood(piece), undefined)).error).toMatchObject({ code: 'overflow' });
    }
    const enough = pipeline('enough').step('make', () => of('x'.repeat(10_000)), { maxOutputBytes: 10_000 });
    expect((await stage(enough, undefined)).output).toHaveLength(10_000);
  });

  it('stops what it still reads when its time is up', async () => {
    let left = false;
    const slow = pipeline('slow').step(
      'tick',
      () =>
        new Observable((to) => {
          to.next(1);
          return () => (left = true);
        }),
      { timeoutMs: 5 },
    );
    expect((await stage(slow, undefined, { scheduler: fastTime() })).error).toMatchObject({ code: 'step-timeout' });
    expect(left).toBe(true);
  });

  it('does not begin a stream that nobody read before its step was given up', async () => {
    let begun = false;
    const late = pipeline('late')
      .step(
        'write',
        () =>
          new Observable<string>(() => {
            begun = true;
          }),
        { timeoutMs: 1 },
      )
      .step(
        'read',
        async (input, { signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          input.subscribe({ error: () => {} });
        },
        { input: 'stream' },
      );
    const { error } = await stage(late, undefined, { scheduler: fastTime() });
    await new Promise((resolve) => setImmediate(resolve));
    expect([error, begun]).toMatchObject([{ code: 'step-timeout' }, false]);
  });

  it('aborts the signal of a step that has ended: whatever it still does, nobody waits for it', async () => {
    let signal!: AbortSignal;
    const one = pipeline('one').step('a', (_, context) => {
      signal = context.signal;
      return interval(1).pipe(take(2));
    });
    await stage(one, undefined);
    expect([signal.aborted, (signal.reason as Error).message]).toEqual([true, 'the step is over']);
  });
});
