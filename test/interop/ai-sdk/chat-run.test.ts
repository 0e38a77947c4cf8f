import { asyncScheduler, NEVER, of, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { type ChatAnswer, runChat } from '../../../src/interop/ai-sdk/chat-run.js';
import { createMemoryLog } from '../../../src/log/memory.js';
import { createStreams } from '../../../src/streams/index.js';

function open(log = createMemoryLog()) {
  const streams = createStreams({ log });
  onTestFinished(async () => {
    await streams.dispose();
  });
  const options = {
    streams,
    streamId: 'c/r',
    bookId: 'c',
    run: 'r',
    messageId: 'm',
    leaseMs: 10_000,
    scheduler: asyncScheduler,
  };
  return {
    streams,
    run: (answer: (signal: AbortSignal) => ChatAnswer, more = {}) => runChat({ ...options, ...more, answer }),
  };
}

async function keptIn(streams: ReturnType<typeof createStreams>): Promise<unknown[]> {
  const kept = [];
  try {
    for await (const { data } of streams.read('c/r')) kept.push(data);
  } catch (error) {
    kept.push((error as StreamError).code);
  }
  return kept;
}

const start = { type: 'start', messageId: 'm' };

describe('runChat', () => {
  it('keeps an answer, and gives its message the id', async () => {
    const { streams, run } = open();
    await run(() => of({ type: 'start', messageId: 'other' }, { type: 'finish' }));
    expect(await keptIn(streams)).toEqual([start, { type: 'finish' }]);
  });

  it('begins an answer that has no start', async () => {
    const { streams, run } = open();
    await run(() => of({ type: 'abort' }));
    expect(await keptIn(streams)).toEqual([start, { type: 'abort' }]);
  });

  it('fails what ends without a last word', async () => {
    const { streams, run } = open();
    await run(() => of({ type: 'start' }));
    expect(await keptIn(streams)).toEqual([start, 'stream-failed']);
  });

  it.each(['before', 'when'])(
    'stops when the stream is cancelled %s it begins, though the model is silent',
    async (time) => {
      const { streams, run } = open();
      await streams.create('c/r');
      if (time === 'before') await streams.cancel('c/r');
      let stopped = false;
      const running = run((signal) => {
        signal.addEventListener('abort', () => (stopped = true));
        return NEVER;
      });
      if (time === 'when') await streams.cancel('c/r');
      await running;
      expect([(await streams.info('c/r'))?.status, stopped]).toEqual(['cancelled', time === 'when']);
    },
  );

  it('ends for its readers when the log has failed, as soon as it works again', async () => {
    const log = createMemoryLog();
    const append = log.append.bind(log);
    let failures = 0;
    Object.assign(log, {
      append: (...args: Parameters<typeof append>) => {
        if (args[0] === 'c/r' && failures++ < 3) throw new StreamError('log-unavailable', 'no disk');
        return append(...args);
      },
    });
    const { streams, run } = open(log);
    await streams.create('c/r');
    const scheduler = new VirtualTimeScheduler();
    const running = run(() => onlyStart, { scheduler });
    const turning = setInterval(() => scheduler.flush(), 5);
    onTestFinished(() => clearInterval(turning));
    await running;
    expect([(await streams.info('c/r'))?.status, failures]).toEqual(['failed', 4]);
  });
});

const onlyStart = of({ type: 'start' });
