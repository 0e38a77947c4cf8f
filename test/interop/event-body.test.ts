import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { eventBody } from '../../src/interop/event-body.js';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const text = (part: { value?: Uint8Array | undefined }): string => new TextDecoder().decode(part.value);

describe('eventBody', () => {
  it('begins at once, and beats between events while nothing comes', async () => {
    const scheduler = new VirtualTimeScheduler();
    let give: (event: IteratorResult<string>) => void = () => {};
    const events = { next: () => new Promise<IteratorResult<string>>((resolve) => (give = resolve)) };
    const reader = eventBody(events, { heartbeatMs: 100, scheduler }).getReader();
    expect(text(await reader.read())).toBe(': \n\n');
    const beat = reader.read();
    await turn();
    scheduler.flush();
    expect(text(await beat)).toBe(': \n\n');
    const event = reader.read();
    give({ done: false, value: 'data: 1\n\n' });
    expect(text(await event)).toBe('data: 1\n\n');
    const end = reader.read();
    await turn();
    give({ done: true, value: undefined });
    expect((await end).done).toBe(true);
  });

  it('takes nothing before it is wanted, and lets the events go', async () => {
    let [taken, left] = [0, 0];
    const next = () => Promise.resolve({ done: false as const, value: `${taken++}` });
    const leave = () => Promise.resolve({ done: true as const, value: (left++, undefined) });
    const reader = eventBody(
      { next, return: leave },
      { heartbeatMs: Infinity, scheduler: new VirtualTimeScheduler() },
    ).getReader();
    await reader.read();
    expect(taken).toBe(0);
    expect(text(await reader.read())).toBe('0');
    await reader.cancel();
    expect([taken, left]).toEqual([1, 1]);
  });

  it('needs nobody to let go, and breaks off as the events do', async () => {
    const options = { heartbeatMs: Infinity, scheduler: new VirtualTimeScheduler() };
    const failing = eventBody({ next: () => Promise.reject(new Error('broken')) }, options).getReader();
    await failing.read();
    await expect(failing.read()).rejects.toThrow('broken');
    await eventBody({ next: () => new Promise(() => {}) }, options).cancel();
  });
});
