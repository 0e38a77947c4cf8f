import { asyncScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ChatReading } from '../../../src/interop/ai-sdk/chat-reading.js';

describe('ChatReading', () => {
  it('reads nothing before it is wanted, and lets the connection go', async () => {
    let [pulled, cancelled, ended] = [0, false, false];
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulled++;
          controller.enqueue(new TextEncoder().encode('data: {"type":"start-step"}\n\n'));
        },
        cancel: () => void (cancelled = true),
      },
      { highWaterMark: 0 },
    );
    const reading = new ChatReading(new Response(body), {
      again: () => Promise.reject(new Error('never asked')),
      ended: () => (ended = true),
      signal: undefined,
      maxRetries: 1,
      initialDelayMs: 1,
      maxDelayMs: 1,
      idleMs: 10_000,
      maxEventBytes: 1000,
      random: () => 0,
      scheduler: asyncScheduler,
    });
    const reader = reading.stream().getReader();
    expect(pulled).toBe(0);
    expect((await reader.read()).value).toEqual({ type: 'start-step' });
    await reader.cancel();
    // A reader that leaves has not read to the end: the answer may still be stopped.
    expect([pulled, cancelled, ended]).toEqual([1, true, false]);
  });
});
