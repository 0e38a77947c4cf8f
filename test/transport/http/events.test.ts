import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../../src/transport/http/events.js';
import { all, control, event } from './lab.js';

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function events(...texts: string[]): Promise<string[][]> {
  const found = await all(eventsOf(pieces(...texts), 20));
  return found.map((together) => together.map(({ event, data }) => `${event}:${data}`));
}

describe('eventsOf', () => {
  it('hands out together what one piece completes', async () => {
    expect(await events(event('data', 'a') + event('data', 'b'), event('control', '{}'))).toEqual([
      ['data:a', 'data:b'],
      ['control:{}'],
    ]);
  });

  it('waits for the rest of an event, however it is cut', async () => {
    expect(await events(...event('data', 'a\ndata: b'))).toEqual([['data:a\nb']]);
  });

  it('drops an event that the end cuts off', async () => {
    expect(await events(event('data', 'a'), 'event: data\ndata: b')).toEqual([['data:a']]);
  });

  it('hands out what came before an event that is too large', async () => {
    const found = eventsOf(pieces(event('data', 'a') + event('data', 'b'.repeat(21)) + control('0')), 20);
    expect((await found.next()).value).toMatchObject([{ data: 'a' }]);
    await expect(found.next()).rejects.toMatchObject({ code: 'overflow' });
  });
});
