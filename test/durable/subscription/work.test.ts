import { describe, expect, it } from 'vitest';
import type { StreamLink, Subscription } from '../../../src/durable/subscription/book.js';
import {
  decideClaim,
  decideWake,
  isCurrent,
  isIdle,
  pending,
  reportLink,
  reportWork,
  retryDelayMs,
} from '../../../src/durable/subscription/work.js';

const link = (path: string, acked: string, explicit = true): StreamLink => ({ path, explicit, glob: !explicit, acked });
const subscription = (more: Partial<Subscription> = {}): Subscription => ({
  id: 's',
  config: { type: 'pull-wake', leaseMs: 1000 } as Subscription['config'],
  createdAt: 0,
  root: '',
  generation: 4,
  wake: null,
  retry: null,
  links: new Map([link('a', '2'), link('b', '5', false), link('c', '0')].map((each) => [each.path, each])),
  ...more,
});
const webhook = { config: { type: 'webhook', leaseMs: 1000 } as Subscription['config'] };
const held = (until: number | null, holder: string | null = 'me') => ({ wake: { id: 'w', tails: {}, holder, until } });
const work = new Map([
  ['a', '3'],
  ['b', '5'],
]);
const none = new Map([['a', '2']]);

describe('work', () => {
  it('is what was appended behind what was worked through', () => {
    expect(pending(subscription(), work)).toEqual(['a']);
    expect(reportLink(link('b', '5', false))).toEqual({ path: 'b', link_type: 'glob', acked_offset: '5' });
    expect(reportWork(subscription(), work)).toEqual([
      { path: 'a', link_type: 'explicit', acked_offset: '2', tail_offset: '3', has_pending: true },
      { path: 'b', link_type: 'glob', acked_offset: '5', tail_offset: '5', has_pending: false },
      { path: 'c', link_type: 'explicit', acked_offset: '0', tail_offset: '0', has_pending: false },
    ]);
  });

  it("is nobody's when nobody was called, or a lease is over", () => {
    expect(isIdle(subscription(), 5)).toBe(true);
    expect(isIdle(subscription(held(5)), 5)).toBe(true);
    expect(isIdle(subscription(held(6)), 5)).toBe(false);
    expect(isIdle(subscription(held(null, null)), 5)).toBe(false);
  });
});

describe('decideWake', () => {
  it.each([
    ['there is work', subscription(), work, ['wake']],
    ['there is none', subscription(), none, []],
    ['somebody is at it', subscription(held(9)), work, []],
    ['somebody was called', subscription(held(null, null)), work, []],
    ['a lease is over, and there is work', subscription(held(4)), work, ['wake']],
    ['a lease is over, and there is none', subscription(held(4)), none, ['idle']],
    ['it is too early to try again', subscription({ retry: { attempts: 1, at: 6 } }), work, []],
    ['it is time to try again', subscription({ retry: { attempts: 1, at: 5 } }), work, ['wake']],
  ])('when %s', (_, known, tails, entries) => {
    expect(decideWake(known, tails, 'new', 5).map(({ t }) => t)).toEqual(entries);
  });

  it('gives a webhook its lease at once, and others when they come', () => {
    expect(decideWake(subscription(webhook), work, 'new', 5)).toEqual([
      { t: 'wake', id: 's', wake: { id: 'new', tails: { a: '3', b: '5' }, holder: 'webhook', until: 1005 } },
    ]);
    expect(decideWake(subscription(), work, 'new', 5)).toMatchObject([{ wake: { holder: null, until: null } }]);
  });
});

describe('decideClaim', () => {
  it('gives what somebody was called to, or what there is', () => {
    expect(decideClaim(subscription(held(null, null)), work, 'me', 'new', 5)).toEqual({
      entries: [{ t: 'hold', id: 's', holder: 'me', until: 1005 }],
      wakeId: 'w',
      generation: 4,
    });
    expect(decideClaim(subscription(), work, 'me', 'new', 5)).toMatchObject({ wakeId: 'new', generation: 5 });
    expect(decideClaim(subscription(held(5)), work, 'other', 'new', 5)).toMatchObject({ wakeId: 'new', generation: 5 });
  });

  it('says who has it, or that there is nothing', () => {
    expect(decideClaim(subscription(held(9)), work, 'other', 'new', 5)).toEqual({ holder: 'me' });
    expect(decideClaim(subscription(), none, 'me', 'new', 5)).toBe('none');
  });
});

describe('isCurrent', () => {
  it('takes a word about the wake in force, and no other', () => {
    const known = subscription(held(9));
    expect(isCurrent(known, 'w', 4, 5)).toBe(true);
    for (const [id, generation] of [
      ['x', 4],
      ['w', 3],
      ['w', '4'],
      [undefined, undefined],
    ]) {
      expect(isCurrent(known, id, generation, 5)).toBe(false);
    }
    expect(isCurrent(known, 'w', 4, 9)).toBe(false);
    expect(isCurrent(subscription(), 'w', 4, 5)).toBe(false);
  });
});

describe('retryDelayMs', () => {
  it('doubles from a second to a minute, give or take a fifth', () => {
    expect([1, 2, 3, 7, 50].map((attempts) => retryDelayMs(attempts, 0.5))).toEqual([1000, 2000, 4000, 60_000, 60_000]);
    expect([retryDelayMs(1, 0), Math.round(retryDelayMs(1, 1))]).toEqual([800, 1200]);
  });
});
