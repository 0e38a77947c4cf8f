import { lastValueFrom, map, take, takeWhile, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { stamp } from '../../../operators/index.js';
import { createMemoryLog } from '../../../src/log/memory.js';
import { endAsError, endAsEvent, type LlmEvent } from '../../../src/source/llm/llm.js';
import { fromOpenAiChat } from '../../../src/source/llm/openai-chat.js';
import { createStreams, publishTo } from '../../../src/streams/index.js';
import { until } from '../../servers/until.js';
import { bySdk, endless, type Provider, startProvider } from './provider.js';
import { checkLaw, sse } from './reading.js';

let provider: Provider | undefined;

afterEach(async () => {
  await provider?.close();
});

const word = { id: 'x', choices: [{ index: 0, delta: { content: 'word ' } }] };
const stop = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };

/** A run that is kept, whoever reads it. */
async function begin(pieces: () => Iterable<string>, streamId = 'answers/1') {
  provider = await startProvider(pieces);
  const streams = createStreams({ log: createMemoryLog() });
  const cancel = new AbortController();
  const answer = fromOpenAiChat(bySdk('openai-chat', provider.url) as never, { signal: cancel.signal });
  streams.cancellations.subscribe(() => cancel.abort(new Error('nobody wants it')));
  const kept = lastValueFrom(answer.pipe(endAsEvent(), stamp({ streamId }), publishTo(streams, streamId)));
  // Its stream may be cancelled while it is being written.
  kept.catch(() => {});
  await until('the stream is there', async () => (await streams.info(streamId)) !== undefined);
  const read = () => streams.receive(streamId).pipe(map(({ data }) => data as unknown as LlmEvent));
  return { streams, kept, read, cancel, provider };
}

describe('an answer that is kept', () => {
  it('goes on when its readers leave, and is there for those who come later', async () => {
    const words = Array.from({ length: 100 }, () => sse(word));
    const { kept, read } = await begin(() => [...words, sse(stop, '[DONE]')]);
    const seen = await lastValueFrom(read().pipe(take(2), toArray()));
    expect(seen.map(({ type }) => type)).toEqual(['start', 'text-start']);
    await kept;
    const events = await lastValueFrom(read().pipe(toArray()));
    checkLaw(events);
    expect(events.filter(({ type }) => type === 'text-delta')).toHaveLength(100);
    expect(await lastValueFrom(read().pipe(endAsError(), toArray()))).toEqual(events);
  });

  it('is not stopped by a reader who leaves in the middle', async () => {
    const { read, streams, provider: asked } = await begin(() => endless('openai-chat'));
    await lastValueFrom(read().pipe(takeWhile(({ type }) => type !== 'text-delta')));
    const before = (await streams.info('answers/1'))!.next;
    await until(
      'more has come than any reader saw',
      async () => (await streams.info('answers/1'))!.next > before + 100,
    );
    await streams.cancel('answers/1', 'enough');
    // Only now the provider is told.
    expect(await asked.closed).toBeGreaterThan(100);
  });

  it('is cancelled from anywhere, and only then stops the provider', async () => {
    const { read, streams, provider: asked } = await begin(() => endless('openai-chat'));
    await lastValueFrom(read().pipe(take(10)));
    await streams.cancel('answers/1', 'enough');
    await asked.closed;
    expect((await streams.info('answers/1'))!.status).toBe('cancelled');
  });

  it('keeps that it was called off', async () => {
    const { cancel, read, kept, provider: asked } = await begin(() => endless('openai-chat'));
    await lastValueFrom(read().pipe(take(10)));
    cancel.abort(new Error('enough'));
    await asked.closed;
    await kept;
    const events = await lastValueFrom(read().pipe(toArray()));
    checkLaw(events);
    expect(events.at(-1)).toMatchObject({ type: 'abort', reason: 'enough' });
  });
});
