import { describe, expect, it } from 'vitest';
import { createFlow } from '../../src/flow/index.js';
import { Readers } from '../../src/streams/readers.js';
import { Unread } from '../../src/streams/unread.js';

function stage(window = 4) {
  const flow = createFlow();
  const readers = new Readers();
  const unread = new Unread(flow, window, 's', readers);
  const publish = (count: number, next: number) => {
    for (let i = 0; i < count; i++) unread.hold();
    unread.kept(count, next);
  };
  return { flow, readers, unread, publish };
}

describe('Unread', () => {
  it('holds what the slowest reader has not got', () => {
    const { flow, readers, publish } = stage();
    let [fast, slow] = [0, 0];
    readers.add('s', { next: () => fast });
    readers.add('s', { next: () => slow });
    publish(3, 3);
    publish(1, 4);
    fast = 4;
    readers.moved('s');
    expect(flow).toMatchObject({ open: false, stats: { held: 4 } });
    slow = 2;
    readers.moved('s');
    expect(flow.stats.held).toBe(2);
    slow = 4;
    readers.moved('s');
    expect(flow.stats.held).toBe(0);
  });

  it('counts its own chunks where others publish too', () => {
    const { flow, readers, publish } = stage();
    let next = 0;
    readers.add('s', { next: () => next });
    publish(2, 2);
    publish(2, 12);
    next = 10;
    readers.moved('s');
    expect(flow.stats.held).toBe(2);
    next = 11;
    readers.moved('s');
    expect(flow.stats.held).toBe(1);
  });

  it('waits for nobody where nobody reads, nor for who has left', () => {
    const { flow, readers, publish } = stage();
    publish(3, 3);
    expect(flow.stats.held).toBe(0);
    const leave = readers.add('s', { next: () => 3 });
    publish(2, 5);
    expect(flow.stats.held).toBe(2);
    leave();
    expect(flow.stats.held).toBe(0);
  });

  it('holds what is on its way to a log elsewhere until it is kept', () => {
    const flow = createFlow();
    const unread = new Unread(flow, 1, 's', undefined);
    unread.hold();
    expect(flow.open).toBe(false);
    unread.kept(1, 1);
    expect(flow.open).toBe(true);
  });

  it('takes nothing for kept that was there already', () => {
    const { flow, unread } = stage();
    unread.kept(0, 9);
    expect(flow.stats.held).toBe(0);
  });

  it('stops nobody once it is closed', () => {
    const { flow, readers, unread, publish } = stage(2);
    readers.add('s', { next: () => 0 });
    publish(2, 2);
    unread.close();
    readers.moved('s');
    expect(flow).toMatchObject({ open: true, stats: { lanes: [] } });
  });
});
