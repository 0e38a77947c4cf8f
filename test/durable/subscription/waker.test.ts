import { describe, expect, it } from 'vitest';
import { Registry } from '../../../src/durable/registry.js';
import type { Subscription } from '../../../src/durable/subscription/book.js';
import { fits, Waker } from '../../../src/durable/subscription/waker.js';
import { nodeWebhooks } from '../../../src/node/webhooks.js';
import { createStreams } from '../../../src/streams/index.js';
import { LateLog } from '../../gateway/late-log.js';
import { VirtualTime } from '../../virtual-time.js';
import { lab } from '../lab.js';

const subscription = (pattern: string | null): Subscription => ({ config: { pattern, wakeStream: 'wake' } }) as never;

describe('fits', () => {
  it('takes what the pattern names, and not what it is told through', () => {
    expect(fits(subscription('a/*'), 'a/b')).toBe(true);
    expect(fits(subscription('a/*'), 'b')).toBe(false);
    expect(fits(subscription(null), 'a/b')).toBe(false);
    for (const path of ['wake', 'sluice/x', '__ds/x']) expect(fits(subscription('**'), path)).toBe(false);
  });
});

function stage() {
  const scheduler = new VirtualTime();
  const { streams, log } = lab({ scheduler });
  const registry = new Registry({ streams, scheduler, isFollowed: () => false });
  const waker = new Waker({ streams, registry, scheduler, random: () => 0.5, webhooks: nodeWebhooks() });
  return { scheduler, streams, log, waker };
}

describe('Waker', () => {
  it('gives each wake a name of its own', () => {
    const { waker } = stage();
    expect(waker.wakeId()).toMatch(/^w_[\da-z]+$/);
  });

  it('knows where streams end that are there', async () => {
    const { waker, log } = stage();
    log.create('a');
    const links = new Map(['a', 'b'].map((path) => [path, { path, explicit: true, glob: false, acked: '' }]));
    expect([...(await waker.tails({ links }))]).toEqual([['a', '0000000000000000']]);
  });

  it('passes over what is about nobody, and does nothing once it is over', async () => {
    const { waker, scheduler, log } = stage();
    waker.consider('nobody');
    await scheduler.pass(5);
    waker.dispose();
    waker.consider('nobody');
    await waker.refresh();
    expect(log.info('sluice/server/subscriptions')).toBeUndefined();
  });

  it('lives through a log that has its troubles', async () => {
    const log = new LateLog();
    const streams = createStreams({ log });
    const scheduler = new VirtualTime();
    const registry = new Registry({ streams, scheduler, isFollowed: () => false });
    const waker = new Waker({ streams, registry, scheduler, random: () => 0.5, webhooks: nodeWebhooks() });
    log.failure = new Error('away');
    const refreshed = waker.refresh();
    waker.consider('s');
    for (let n = 0; n < 50; n++) {
      await undefined;
      log.answerOne();
    }
    await expect(refreshed).resolves.toBeUndefined();
    waker.dispose();
  });
});
