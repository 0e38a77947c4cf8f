import { describe, expect, it } from 'vitest';
import { wakeUps } from '../../src/client/wake-ups.js';

class FakeDocument extends EventTarget {
  visibilityState = 'hidden';
}

class FakePage extends EventTarget {
  readonly document = new FakeDocument();
}

describe('wakeUps', () => {
  it('tells when a page is back', () => {
    const page = new FakePage();
    const { document } = page;
    const told: unknown[] = [];
    const subscription = wakeUps(page).subscribe((event) => told.push((event as Event).type));
    page.dispatchEvent(new Event('online'));
    page.dispatchEvent(new Event('offline'));
    document.dispatchEvent(new Event('visibilitychange'));
    document.visibilityState = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    document.dispatchEvent(new Event('resume'));
    page.dispatchEvent(new Event('pageshow'));
    expect(told).toEqual(['online', 'visibilitychange', 'resume', 'pageshow']);
    subscription.unsubscribe();
    page.dispatchEvent(new Event('online'));
    expect(told).toHaveLength(4);
  });

  it('tells when the network of a worker is back', () => {
    const worker = new EventTarget();
    let told = 0;
    wakeUps(worker as never).subscribe(() => told++);
    worker.dispatchEvent(new Event('online'));
    expect(told).toBe(1);
  });

  it('is silent where there are no such events', () => {
    let ended = false;
    wakeUps({}).subscribe({ complete: () => (ended = true) });
    expect(ended).toBe(false);
  });
});
