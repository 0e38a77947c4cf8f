import { describe, expect, it } from 'vitest';
import type { Feed } from '../../src/gateway/feed.js';
import type { Session } from '../../src/gateway/session.js';
import { Turn } from '../../src/gateway/turn.js';

/** A turn in the test's hand, and what was done in it. */
function stage() {
  const done: string[] = [];
  const deferred: (() => void)[] = [];
  const turn = new Turn((work) => void deferred.push(work));
  const feed = (name: string, also = () => {}) =>
    ({
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
  const run = () => {
    for (const work of deferred.splice(0)) work();
    return done.splice(0);
  };
  return { turn, feed, session, run, deferred };
}

describe('Turn', () => {
  it('asks for one end of the turn, however much is ready', () => {
    const { turn, feed, session, deferred } = stage();
    turn.feed(feed('a'));
    turn.feed(feed('b'));
    turn.session(session('x'));
    expect(deferred).toHaveLength(1);
  });

  it('reads every feed once, then flushes every session', () => {
    const { turn, feed, session, run } = stage();
    const a = feed('a');
    turn.session(session('x'));
    turn.feed(a);
    turn.feed(feed('b'));
    turn.feed(a);
    expect(run()).toEqual(['pump a', 'pump b', 'flush x']);
    expect(run()).toEqual([]);
  });

  it('flushes in the same turn what a feed made ready', () => {
    const { turn, feed, session, run, deferred } = stage();
    turn.feed(feed('a', () => turn.session(session('x'))));
    expect(run()).toEqual(['pump a', 'flush x']);
    expect(deferred).toEqual([]);
  });

  it('leaves to the next turn what a feed has more, and what comes while it flushes', () => {
    const { turn, feed, session, run } = stage();
    const a: Feed = feed('a', () => {
      if (!again++) turn.feed(a);
    });
    let again = 0;
    turn.feed(a);
    turn.session(session('x', () => turn.session(session('y'))));
    expect(run()).toEqual(['pump a', 'flush x']);
    expect(run()).toEqual(['pump a', 'flush y']);
    expect(run()).toEqual([]);
  });

  it('goes on in the next turn after a defect', () => {
    const { turn, feed, session, run } = stage();
    turn.feed(
      feed('a', () => {
        throw new Error('a defect');
      }),
    );
    turn.session(session('x'));
    expect(() => run()).toThrow('a defect');
    expect(run()).toEqual(['pump a', 'flush x']);
    turn.feed(feed('b'));
    expect(run()).toEqual(['pump b']);
  });
});
