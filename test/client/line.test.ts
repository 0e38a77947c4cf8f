import { describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { Line } from '../../src/client/line.js';
import type { ClientLinkEvents } from '../../src/transport/transport.js';
import { VirtualTime } from '../virtual-time.js';
import { welcome } from './recorder.js';

describe('Line', () => {
  it('hears the link it has, and no other', async () => {
    const time = new VirtualTime();
    const links: { readonly events: ClientLinkEvents; closed: boolean }[] = [];
    const states: string[] = [];
    const limits = { connectMs: 50, pingMs: 100, retryMs: 100, maxRetries: 9, backoff: () => 10, spread: () => 10 };
    const transport = {
      connect: (events: ClientLinkEvents) => {
        const made = { events, closed: false };
        links.push(made);
        return { writable: true, send: () => {}, close: () => void (made.closed = true) };
      },
    };
    const line = new Line(
      transport,
      { limits, scheduler: time, defer: time.defer },
      { state: (state) => states.push(state), pushed: () => {} },
      Connection,
    );
    line.connection.cancel('s', undefined, time.now());
    await time.pass(60);
    expect([links.length, links[0]!.closed]).toEqual([2, true]);
    links[0]!.events.frames([welcome]);
    links[0]!.events.closed(1000, '');
    expect(states).toEqual(['connecting', 'waiting', 'connecting']);
    links[1]!.events.frames([welcome]);
    expect(states.at(-1)).toBe('open');
    line.connection.close();
    expect([states.at(-1), links[1]!.closed]).toEqual(['closed', true]);
  });
});
