import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { giveShare, Room, shareOf } from '../../src/flow/room.js';

const kib = 1024;
const nothing = (): void => {};

/** A room of a megabyte, and those who have noted that it is their turn. */
function stage(maxBytes = kib * kib) {
  const time = new VirtualTimeScheduler();
  const room = new Room(maxBytes, time);
  const called: string[] = [];
  const enter = (name: string, then: () => void = nothing) => {
    const share = room.share(nothing);
    share.onTurn(() => {
      called.push(name);
      then();
    });
    return share;
  };
  /** Somebody who found no room. */
  const refuse = (name: string) => {
    const share = enter(name);
    expect(share.takes(kib * kib)).toBe(false);
    return share;
  };
  const pass = (ms: number) => {
    time.schedule(nothing, ms);
    time.flush();
  };
  return { room, called, enter, refuse, pass };
}

const soon = async () => await new Promise((resolve) => setImmediate(resolve));

describe('Room', () => {
  it('has room until it is full; the last may go beyond', () => {
    const { room, enter } = stage();
    expect(enter('a').takes(1023 * kib)).toBe(true);
    expect(enter('b').takes(8 * kib * kib)).toBe(true);
    expect(enter('c').takes(65 * kib)).toBe(false);
    expect(room.bytes).toBe(1023 * kib + 8 * kib * kib);
  });

  it('lets everybody hold a little, however much others do', () => {
    const { enter } = stage();
    enter('a').takes(kib * kib);
    const b = enter('b');
    expect([b.takes(32 * kib), b.takes(32 * kib), b.takes(1)]).toEqual([true, true, false]);
  });

  it('calls those who wait in the order in which they came, as many as there is room for', async () => {
    const { room, called, enter } = stage();
    const first = enter('first');
    first.takes(2 * kib * kib);
    first.wrote(2 * kib * kib);
    const shares = ['b', 'c', 'd'].map((name) => {
      const share = enter(name, () => expect(share.takes(600 * kib)).toBe(true));
      expect([share.takes(600 * kib), share.takes(600 * kib), share.waits]).toEqual([false, false, true]);
      return share;
    });
    await soon();
    expect(called).toEqual([]);
    first.sent(2 * kib * kib);
    await soon();
    expect(called).toEqual(['b', 'c']);
    expect(shares.map(({ waits }) => waits)).toEqual([false, false, true]);
    expect(room.bytes).toBe(1200 * kib);
    shares[0]!.close();
    await soon();
    expect(called).toEqual(['b', 'c', 'd']);
  });

  it('lets nobody pass those who wait', async () => {
    const { called, enter } = stage();
    const a = enter('a');
    a.wrote(kib * kib);
    const b = enter('b');
    expect(b.takes(kib * kib)).toBe(false);
    a.sent(kib * kib);
    expect(enter('c').takes(kib * kib)).toBe(false);
    await soon();
    expect(called).toEqual(['b']);
    expect(b.takes(kib * kib)).toBe(true);
  });

  it('calls the next when the one before wants nothing any more, and none who has gone', async () => {
    const { room, called, enter, refuse } = stage();
    const a = enter('a');
    a.wrote(kib * kib);
    const [b, c, d] = ['b', 'c', 'd'].map(refuse);
    c!.close();
    a.sent(kib * kib);
    await soon();
    expect(called).toEqual(['b']);
    b!.close();
    await soon();
    expect(called).toEqual(['b', 'd']);
    d!.takes(kib * kib);
    room.callLater();
    await soon();
    expect(called).toEqual(['b', 'd']);
  });

  it('does not wait long for whoever is called and takes nothing, nor at all for who has written all', async () => {
    const { called, enter, refuse, pass } = stage();
    const a = enter('a');
    a.wrote(kib * kib);
    const [b] = ['b', 'c', 'd', 'e'].map(refuse);
    a.sent(kib * kib);
    await soon();
    expect(called).toEqual(['b']);
    b!.wroteAll();
    await soon();
    expect(called).toEqual(['b', 'c']);
    pass(100);
    await soon();
    expect(called).toEqual(['b', 'c', 'd']);
  });

  it('calls nobody who has written all', async () => {
    const { called, enter, refuse } = stage();
    const a = enter('a');
    a.wrote(kib * kib);
    const [b] = ['b', 'c'].map(refuse);
    b!.wroteAll();
    a.sent(kib * kib);
    await soon();
    expect(called).toEqual(['c']);
  });

  it('holds what was written in the place of what was to be, and forgets the rest once all has gone', () => {
    const { room, enter } = stage();
    const share = enter('a');
    share.takes(100);
    share.wrote(80);
    expect(room.bytes).toBe(100);
    share.wrote(50);
    expect(room.bytes).toBe(130);
    share.sent(80);
    expect(room.bytes).toBe(50);
    share.takes(30);
    share.sent(50);
    expect(room.bytes).toBe(0);
  });

  it('holds nothing for who is over, and refuses him nothing', () => {
    const { room, enter } = stage();
    const share = enter('a');
    share.takes(100);
    share.wrote(200);
    expect(room.shares.size).toBe(1);
    share.close();
    share.close();
    share.wrote(1);
    share.sent(200);
    expect([share.takes(99 * kib * kib), room.bytes, room.shares.size]).toEqual([true, 0, 0]);
  });

  it('knows how long nothing has gone, beside the time that it may take', () => {
    const { enter, pass } = stage();
    const share = enter('a');
    pass(50);
    expect(share.stalledMs(0)).toBe(0);
    share.wrote(10);
    pass(50);
    share.wrote(10);
    pass(50);
    expect([share.stalledMs(0), share.stalledMs(1)]).toEqual([100, 80]);
    // The answers of a connection go in turn: what others wait for takes its time, too.
    const other = enter('b');
    other.wrote(30);
    expect([share.stalledMs(1), other.stalledMs(0)]).toEqual([50, 0]);
    other.close();
    share.sent(10);
    pass(5);
    expect(share.stalledMs(0)).toBe(5);
    share.sent(10);
    expect(share.stalledMs(0)).toBe(0);
  });

  it('ends an answer once', () => {
    let ended = 0;
    const share = new Room(1).share(() => ended++);
    expect([share.end(), share.end(), ended]).toEqual([true, false, 1]);
  });

  it('is found by the answer; one that shares nothing has all the room there is', () => {
    const room = new Room(1);
    const share = room.share(nothing);
    const answer = {};
    expect(shareOf(answer).takes(Infinity)).toBe(true);
    shareOf(answer).onTurn(nothing);
    giveShare(answer, share);
    expect(shareOf(answer)).toBe(share);
    expect(share.vanished).toBe(false);
    room.vanished = true;
    expect(share.vanished).toBe(true);
  });
});
