import { describe, expect, it } from 'vitest';
import type { Feed } from '../../src/gateway/feed.js';
import type { Session } from '../../src/gateway/session.js';
import { Turn } from '../../src/gateway/turn.js';

/** A turn in the test's hand, and what was done in it. */
function stage() {
  const done: string[] = [];
  const early: (() => void)[] = [];
  const late: (() => void)[] = [];
  let time = 0;
  const turn = new Turn({
    soon: (work) => void early.push(work),
    later: (work) => void late.push(work),
    now: () => time,
  });
  const feed = (name: string, also = () => {}) =>
    ({
      due: false,
      pump: () => {
        done.push(`pump ${name}`);
        also();
      },
    }) as Feed;
  const session = (name: string, also = () => {}) =>
    ({
      flush: () => {
        done.push(`flush ${name}`);
        also();
      },
    }) as Session;
  const run = (list: (() => void)[]) => {
    for (const work of list.splice(0)) work();
    return done.splice(0);
  };
  return {
    turn,
    feed,
    session,
    /** Lets the code that is running return. */
    back: () => run(early),
    /** Ends the turn of the event loop. */
    end: () => run(late),
    /** The next millisecond. */
    pass: () => void time++,
    due: () => ({ soon: early.length, later: late.length }),
  };
}

describe('Turn', () => {
  it('asks once, however much is ready', () => {
    const { turn, feed, session, due } = stage();
    turn.feed(feed('a'));
    turn.feed(feed('b'));
    turn.session(session('x'));
    expect(due()).toEqual({ soon: 1, later: 0 });
  });

  it('reads every feed once, then flushes every session', () => {
    const { turn, feed, session, back, end } = stage();
    const a = feed('a');
    turn.session(session('x'));
    turn.feed(a);
    turn.feed(feed('b'));
    turn.feed(a);
    expect(back()).toEqual(['pump a', 'pump b', 'flush x']);
    expect([...back(), ...end()]).toEqual([]);
  });

  it('does the first work of a millisecond soon, and collects the rest until the turn ends', () => {
    const { turn, feed, back, end, pass, due } = stage();
    turn.feed(feed('a'));
    expect(back()).toEqual(['pump a']);
    for (const name of ['b', 'c', 'd']) turn.feed(feed(name));
    expect(due()).toEqual({ soon: 0, later: 1 });
    expect(end()).toEqual(['pump b', 'pump c', 'pump d']);
    pass();
    turn.feed(feed('e'));
    expect(due()).toEqual({ soon: 1, later: 0 });
    expect(back()).toEqual(['pump e']);
  });

  it('flushes in the same turn what a feed made ready', () => {
    const { turn, feed, session, back, due } = stage();
    turn.feed(feed('a', () => turn.session(session('x'))));
    expect(back()).toEqual(['pump a', 'flush x']);
    expect(due()).toEqual({ soon: 0, later: 0 });
  });

  it('tells a feed whether it is the only one', () => {
    const { turn, feed, back, pass } = stage();
    const seen: boolean[] = [];
    const look = () => void seen.push(turn.alone);
    turn.feed(feed('a', look));
    expect(turn.alone).toBe(false);
    back();
    expect([seen, turn.alone]).toEqual([[true], false]);
    pass();
    turn.feed(feed('a', look));
    turn.feed(feed('b', look));
    back();
    expect(seen).toEqual([true, false, false]);
  });

  it('leaves to the next turn what a feed has more, and what comes while it flushes', () => {
    const { turn, feed, session, back, end } = stage();
    const a: Feed = feed('a', () => {
      if (!again++) turn.feed(a);
    });
    let again = 0;
    turn.feed(a);
    turn.session(session('x', () => turn.session(session('y'))));
    expect(back()).toEqual(['pump a', 'flush x']);
    expect(end()).toEqual(['pump a', 'flush y']);
    expect([...back(), ...end()]).toEqual([]);
  });

  it('goes on in the next turn after a defect', () => {
    const { turn, feed, session, back, end } = stage();
    turn.feed(
      feed('a', () => {
        throw new Error('a defect');
      }),
    );
    turn.feed(feed('behind'));
    turn.session(session('x'));
    expect(back).toThrow('a defect');
    expect(turn.alone).toBe(false);
    expect(end()).toEqual(['pump a', 'pump behind', 'flush x']);
    turn.feed(feed('b'));
    expect(end()).toEqual(['pump b']);
  });
});
