import { firstValueFrom, lastValueFrom, toArray, VirtualTimeScheduler } from 'rxjs';
import { createChunk } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import { createRuns, pipeline, type RunsOptions } from 'sluice/run';
import { createStreams } from 'sluice/streams';
import { describe, expect, it } from 'vitest';
import { References } from '../../src/run/references.js';

async function* words(text: string): AsyncGenerator<string> {
  yield* text.split(/(?<= )/);
}

function stage(options: Partial<RunsOptions<unknown>> = {}) {
  const streams = createStreams({ log: createMemoryLog(), graceMs: 0 });
  const runs = createRuns({ streams, leaseMs: Infinity, ...options });
  const put = async (streamId: string, ...pieces: string[]) => {
    await streams.publish(
      streamId,
      pieces.map((data, seq) => createChunk({ streamId, seq, data })),
    );
    await streams.close(streamId);
  };
  return { streams, runs, put };
}

const length = pipeline<string>('length').step('length', (text) => text.length);
const pieces = pipeline<string>('pieces').step(
  'pieces',
  async (input) => {
    const all: string[] = [];
    for await (const piece of input) all.push(piece);
    return all;
  },
  { input: 'stream' },
);

describe('references', () => {
  it('stand for all of a stream, or for its pieces, where they may be read', async () => {
    const { runs, put } = stage({ references: (streamId) => streamId.startsWith('public/') });
    await put('public/book', 'Call ', 'me ', 'Ishmael.');
    expect(await runs.start(length, 'stream:public/book').result).toBe(16);
    expect(await runs.start(pieces, 'stream:public/book').result).toEqual(['Call ', 'me ', 'Ishmael.']);
    expect(await runs.start(length, 'just a text').result).toBe(11);
  });

  it('are texts like any other where they may not', async () => {
    const { runs, put } = stage();
    await put('secret', 'x'.repeat(1000));
    expect(await runs.start(length, 'stream:secret').result).toBe('stream:secret'.length);
    expect(await runs.start(pieces, 'stream:secret').result).toEqual(['stream:secret']);
  });

  it('fail a step as their stream does', async () => {
    const { runs, streams } = stage({ references: () => true });
    await expect(runs.start(length, 'stream:nowhere').result).rejects.toMatchObject({ code: 'stream-not-found' });
    await streams.create('broken');
    await streams.close('broken', 'failed', 'cut');
    await expect(runs.start(pieces, 'stream:broken').result).rejects.toMatchObject({ code: 'stream-failed' });
  });

  it('are what a step hands on that publishes, and what is read of it is all there', async () => {
    const { runs, streams } = stage();
    const published = pipeline<string>('published')
      .step('write', words, { publish: true })
      .step('shout', (text) => text.toUpperCase());
    const { executionId, result } = runs.start(published, 'a bb ccc');
    expect(await result).toBe('A BB CCC');
    const stream = `runs/${executionId}/steps/write/1`;
    const events = await lastValueFrom(runs.events(executionId).pipe(toArray()));
    expect(events.map(({ event_type: type }) => type)).not.toContain('step_output');
    expect(events[2]!.data).toMatchObject({ output: `stream:${stream}` });
    const kept = await lastValueFrom(streams.receive(stream).pipe(toArray()));
    expect(kept.map(({ data }) => data)).toEqual(['a ', 'bb ', 'ccc']);
    expect(await streams.info(stream)).toMatchObject({ status: 'completed' });
  });

  it('come to the same in the end, taken up by another process or asked again', async () => {
    const { runs, streams } = stage();
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    let written = 0;
    const two = pipeline<string>('two')
      .step('write', (text) => (written++, words(text)), { publish: true })
      .step('wait', async (text, { attempt }) => (attempt === 1 ? (go(), await new Promise<never>(() => {})) : text))
      .step('again', words, { publish: true });
    const first = runs.start(two, 'a bb');
    await gate;
    const other = createRuns({ streams, leaseMs: Infinity });
    expect(await other.resume(two, first.executionId).result).toBe('a bb');
    expect(written).toBe(1);
    expect(await other.resume(two, first.executionId).result).toBe('a bb');
    expect((await other.info(first.executionId))!.output).toBe(`stream:runs/${first.executionId}/steps/again/1`);
  });

  it('are of one attempt: the stream of one that failed has failed', async () => {
    const { runs, streams } = stage();
    const flaky = pipeline('flaky').step(
      'write',
      async function* (_, { attempt }) {
        yield 'a ';
        if (attempt === 1) throw new Error('cut');
        yield 'b';
      },
      { publish: true, retry: { attempts: 2, delayMs: 0 } },
    );
    const { executionId, result } = runs.start(flaky, undefined);
    expect(await result).toBe('a b');
    const info = async (attempt: number) => await streams.info(`runs/${executionId}/steps/write/${attempt}`);
    expect(await info(1)).toMatchObject({ status: 'failed', reason: 'cut', next: 1 });
    expect(await info(2)).toMatchObject({ status: 'completed', next: 2 });
  });

  it('fail the step when what it puts out can be in no stream', async () => {
    const { runs } = stage();
    const odd = pipeline('odd').step(
      'write',
      async function* () {
        yield new Map();
      },
      { publish: true },
    );
    await expect(runs.start(odd, undefined).result).rejects.toMatchObject({ code: 'chunk-invalid' });
  });

  it('are only published where runs are streams', async () => {
    const { runPipeline } = await import('sluice/run');
    const plain = pipeline<string>('plain').step('write', words, { publish: true });
    expect(await runPipeline(plain, 'a b')).toBe('a b');
  });

  it('say when too much waits to be kept, and hold a lease', async () => {
    const { streams } = stage();
    const scheduler = new VirtualTimeScheduler();
    const options = { streams, executionId: 'r', mayRead: () => true, leaseMs: 900, ttlMs: 1000, scheduler };
    const publication = new References(options).publish('a', 1);
    expect(publication.behind()).toBeUndefined();
    for (let i = 0; i < 2000; i++) publication.next('x');
    await publication.behind();
    expect(await publication.complete()).toBe('stream:runs/r/steps/a/1');
    expect(publication.behind()).toBeUndefined();
    const lease = await firstValueFrom(streams.receive('sluice/leases'));
    expect(lease.data).toMatchObject({ stream: 'runs/r/steps/a/1', leaseMs: 900 });
    const broken = new References({
      ...options,
      streams: { ...streams, create: () => Promise.reject(new Error('gone')) } as never,
    });
    const never = broken.publish('b', 1);
    for (let i = 0; i < 2000; i++) never.next('x');
    await never.behind();
    await expect(never.complete()).rejects.toThrow('gone');
  });
});
