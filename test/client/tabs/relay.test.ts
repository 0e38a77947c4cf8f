import { describe, expect, it } from 'vitest';
import type { JoinPosition } from '../../../src/chunk/index.js';
import { Relay } from '../../../src/client/tabs/relay.js';
import { Seat } from '../../../src/client/tabs/seat.js';
import { ClientStage } from '../stage.js';

const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => String(from + i));

function made() {
  const stage = new ClientStage();
  const relay = new Relay('s', stage.client);
  const join = (from: JoinPosition, chunks = 1 << 20) => {
    const got: string[] = [];
    const seat = new Seat('s', 0, from, { chunks, bytes: 1 << 30 }, (frame) => {
      if (frame.t === 'data') got.push(...frame.chunks.map(({ data }) => String(data)));
    });
    relay.join(seat);
    return { seat, got };
  };
  return { stage, relay, join, connections: () => stage.gateway!.connections().length };
}

describe('Relay', () => {
  it('reads once for all that are near each other', async () => {
    const { stage, relay, join, connections } = made();
    stage.keep('s', ...numbers(0, 30));
    const seats = [join('beginning'), join(5), join('snapshot')];
    await stage.time.pass(500);
    expect(seats.map(({ got }) => got)).toEqual([numbers(0, 30), numbers(5, 30), numbers(0, 30)]);
    expect(connections()).toBe(1);
    for (const { seat } of seats) relay.leave(seat);
    expect(relay.unused).toBe(true);
    await stage.time.pass(100);
    expect(stage.reading()).toEqual([]);
  });

  it('reads once more for who has fallen far behind, until he has caught up', async () => {
    const { stage, relay, join, connections } = made();
    stage.keep('s', ...numbers(0, 3000));
    const slow = join('beginning', 10);
    const fast = join('beginning');
    await stage.time.pass(2000);
    expect([slow.got.length, fast.got.length, connections()]).toEqual([10, 3000, 1]);
    slow.seat.grant({ chunks: 20, bytes: 1 << 30 });
    relay.flush(slow.seat);
    await stage.time.pass(1000);
    expect([slow.got, connections()]).toEqual([numbers(0, 20), 2]);
    slow.seat.grant({ chunks: 5000, bytes: 1 << 30 });
    relay.flush(slow.seat);
    await stage.time.pass(2000);
    expect([slow.got, connections()]).toEqual([numbers(0, 3000), 1]);
    // A tab that is not there any more wants nothing.
    relay.leave(slow.seat);
    relay.flush(slow.seat);
    relay.leave(fast.seat);
    expect(relay.unused).toBe(true);
  });

  it('asks the server what is now, and reads on with the others', async () => {
    const { stage, join, connections } = made();
    stage.keep('s', ...numbers(0, 10));
    const all = join('beginning');
    const late = join('now');
    await stage.time.pass(500);
    expect([all.got, late.got, connections()]).toEqual([numbers(0, 10), [], 1]);
    stage.keep('s', ...numbers(10, 12));
    await stage.time.pass(500);
    expect([all.got, late.got, connections()]).toEqual([numbers(0, 12), numbers(10, 12), 1]);
  });
});
