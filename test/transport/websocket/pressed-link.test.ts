import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { OutgoingFrame } from '../../../src/protocol/index.js';
import { openFake } from './fake-socket.js';

const ping: OutgoingFrame = { t: 'ping', grants: [] };

describe('PressedLink', () => {
  it('is not writable from the mark on, looks again on a timer, and says when half is gone', () => {
    const scheduler = new VirtualTimeScheduler();
    const { heard, link, socket } = openFake({ highWaterMark: 1000, scheduler });
    socket.bufferedAmount = 999;
    link.send([ping]);
    expect(link.writable).toBe(true);
    expect(scheduler.actions).toHaveLength(0);
    socket.bufferedAmount = 1000;
    link.send([ping]);
    link.send([ping]);
    expect(link.writable).toBe(false);
    expect(scheduler.actions).toHaveLength(1);
    scheduler.schedule(() => (socket.bufferedAmount = 501), 30);
    scheduler.schedule(() => (socket.bufferedAmount = 500), 50);
    scheduler.flush();
    expect(heard).toEqual(['opened', 'drained']);
    expect(scheduler.now()).toBe(60);
    expect(link.writable).toBe(true);
  });

  it('lets the timer go at the end', () => {
    const scheduler = new VirtualTimeScheduler();
    const { heard, link, socket } = openFake({ highWaterMark: 1000, scheduler });
    socket.bufferedAmount = 1000;
    link.send([ping]);
    socket.ends(1006);
    socket.bufferedAmount = 0;
    scheduler.flush();
    expect(heard).toEqual(['opened', 'closed 1006']);
  });
});
