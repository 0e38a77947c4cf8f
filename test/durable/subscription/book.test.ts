import { describe, expect, it } from 'vitest';
import {
  type StreamLink,
  subscriptionBook,
  type SubscriptionEntry,
  type SubscriptionRow,
  type Wake,
} from '../../../src/durable/subscription/book.js';

const link = (path: string, acked = '0'): StreamLink => ({ path, explicit: true, glob: false, acked });
const row: SubscriptionRow = {
  id: 's',
  config: { type: 'webhook' } as SubscriptionRow['config'],
  createdAt: 1,
  root: 'http://here.test/',
  generation: 0,
  wake: null,
  retry: null,
  links: [link('a')],
};
const wake: Wake = { id: 'w', tails: { a: '5' }, holder: null, until: null };
const put: SubscriptionEntry = { t: 'put', id: 's', row };

function after(...entries: SubscriptionEntry[]) {
  const state = subscriptionBook.start();
  for (const entry of entries) subscriptionBook.apply(state, entry);
  return state;
}

describe('subscription book', () => {
  it('follows a subscription through its life', () => {
    const state = after(put, { t: 'link', id: 's', link: link('b') }, { t: 'wake', id: 's', wake });
    expect(state.get('s')).toMatchObject({ generation: 1, wake: { id: 'w', holder: null } });
    subscriptionBook.apply(state, { t: 'hold', id: 's', holder: 'me', until: 9 });
    expect(state.get('s')!.wake).toMatchObject({ holder: 'me', until: 9 });
    subscriptionBook.apply(state, { t: 'ack', id: 's', acks: { a: '5', c: '1' } });
    subscriptionBook.apply(state, { t: 'ack', id: 's', acks: { a: '3' } });
    expect(state.get('s')!.links.get('a')!.acked, 'never back').toBe('5');
    subscriptionBook.apply(state, { t: 'idle', id: 's' });
    subscriptionBook.apply(state, { t: 'retry', id: 's', retry: { attempts: 2, at: 7 } });
    subscriptionBook.apply(state, { t: 'unlink', id: 's', path: 'b' });
    expect(state.get('s')).toMatchObject({ wake: null, retry: { attempts: 2 } });
    expect([...state.get('s')!.links.keys()]).toEqual(['a']);
    subscriptionBook.apply(state, { t: 'gone', id: 's' });
    expect(state.size).toBe(0);
  });

  it('passes over what is about nobody, or about a wake that is over', () => {
    const state = after({ t: 'idle', id: 's' }, put, { t: 'hold', id: 's', holder: 'me', until: 9 });
    expect(state.get('s')!.wake).toBeNull();
  });

  it('is the same once it was summed up', () => {
    const state = after(put, { t: 'wake', id: 's', wake }, { t: 'link', id: 's', link: link('b', '2') });
    expect(after(...subscriptionBook.sum(state))).toEqual(state);
  });
});
