import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { VirtualTimeScheduler } from 'rxjs';
import { createProgress, type ProgressItem } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { fastTime } from './stage.js';

/** A tracker under virtual time. */
function stage() {
  const scheduler = new VirtualTimeScheduler();
  const progress = createProgress({ scheduler, everyMs: 1000, smoothing: 1, random: () => 0 });
  const pass = (ms: number): void => {
    scheduler.schedule(() => {}, ms);
    scheduler.maxFrames = scheduler.frame + ms;
    scheduler.flush();
  };
  return { progress, scheduler, pass, look: () => progress.snapshot().items[0]! };
}

describe('progress item', () => {
  it('is as far as what was done of its total', () => {
    const { progress, look } = stage();
    const item = progress.item('download', { total: 8 });
    expect(look()).toMatchObject({ fraction: 0, percent: 0, current: 0, total: 8 });
    item.advance();
    item.advance(2, 'reading');
    expect(look()).toMatchObject({ fraction: 0.375, percent: 37.5, current: 3, message: 'reading' });
    item.set(20);
    expect(look()).toMatchObject({ fraction: 1, current: 20 });
    item.set(5, 10, 'more than was known');
    expect(look()).toMatchObject({ fraction: 0.5, total: 10, message: 'more than was known' });
    const unknown = progress.item('unknown');
    unknown.advance(5);
    expect(progress.snapshot().items[1]).toMatchObject({ fraction: undefined, percent: undefined, current: 5 });
    progress.item('nothing', { total: 0 });
    expect(progress.snapshot().items[2]).toMatchObject({ fraction: 1 });
  });

  it('is as far as its parts are, by their weights', () => {
    const { progress, look } = stage();
    const item = progress.item('site', { total: 1000 });
    const pages = item.item('pages', { total: 10, weight: 3 });
    const images = item.item('images', { total: 4 });
    pages.advance(5);
    expect(look().fraction).toBe((0.5 * 3) / 4);
    images.complete('all there');
    expect(look()).toMatchObject({
      fraction: (0.5 * 3 + 1) / 4,
      items: [{ name: 'pages' }, { status: 'completed', current: 4 }],
    });
    // What is not going to be done does not count; what failed counts as far as it got.
    const unwanted = item.item('unwanted', { total: 1, weight: 100 });
    unwanted.cancel();
    expect(look().fraction).toBe((0.5 * 3 + 1) / 4);
    const broken = item.item('broken', { total: 2 });
    broken.advance();
    broken.fail(new Error('no'));
    expect(look().fraction).toBe((0.5 * 3 + 1 + 0.5) / 5);
    const alone = progress.item('alone');
    alone.item('part').cancel();
    expect(progress.snapshot().items[1]!.fraction).toBe(0);
  });

  it('knows its pace, and how long it will take', () => {
    const { progress, pass, look } = stage();
    const item = progress.item('download', { total: 100 });
    pass(1000);
    item.advance(20);
    pass(1000);
    expect(look()).toMatchObject({ perSecond: 20, leftMs: 4000, elapsedMs: 2000 });
    pass(1000);
    item.complete();
    pass(1000);
    expect(look()).toMatchObject({ leftMs: undefined, elapsedMs: 3000, fraction: 1 });
    expect(look().perSecond).toBeCloseTo(100 / 3);
  });

  it('completes with its parts', () => {
    const { progress, look } = stage();
    const item = progress.item('all');
    const part = item.item('part', { total: 3 });
    item.complete('done');
    expect(look()).toMatchObject({
      status: 'completed',
      message: 'done',
      items: [{ status: 'completed', current: 3 }],
    });
    expect([part.status, item.signal.aborted]).toEqual(['completed', false]);
    // Behind its end nothing changes any more.
    item.advance();
    item.complete();
    item.cancel();
    item.fail(new Error('late'));
    expect(look()).toMatchObject({ status: 'completed', current: 0, reason: undefined });
    expect(() => item.item('late')).toThrow('"all" is over: it has no more parts');
  });

  it('fails, or is cancelled, and its parts are then not wanted', () => {
    const { progress } = stage();
    const failing = progress.item('failing');
    const part = failing.item('part');
    failing.fail(new Error('disk full'));
    const cancelled = progress.item('cancelled');
    cancelled.cancel();
    expect(progress.snapshot().items).toMatchObject([
      { status: 'failed', reason: 'disk full', items: [{ status: 'cancelled', reason: 'disk full' }] },
      { status: 'cancelled', reason: undefined },
    ]);
    expect(part.signal.reason).toMatchObject({ code: 'run-cancelled', message: 'disk full' });
    expect(failing.signal.reason).toMatchObject({ message: 'disk full' });
    expect(cancelled.signal.reason).toMatchObject({ code: 'run-cancelled', message: '"cancelled" was cancelled' });
  });

  it('ends as it should when its client disconnects', () => {
    const { progress } = stage();
    const all = progress.item('all');
    all.item('a', { owner: 'ann' }).item('part of a');
    all.item('kept', { owner: 'ann', onDisconnect: 'keep' });
    all.item('failed', { owner: 'ann', onDisconnect: 'fail' });
    all.item('b', { owner: 'bob' });
    progress.item('kept as well', { onDisconnect: 'keep', owner: 'ann' }).item('part', { onDisconnect: 'cancel' });
    progress.disconnect('ann');
    const reason = 'client "ann" has disconnected';
    expect(progress.snapshot().items).toMatchObject([
      {
        status: 'active',
        items: [
          { status: 'cancelled', reason, items: [{ status: 'cancelled' }] },
          { status: 'active', owner: 'ann' },
          { status: 'failed', reason },
          { status: 'active' },
        ],
      },
      { status: 'active', items: [{ status: 'cancelled', reason }] },
    ]);
    progress.disconnect('bob', 'gone');
    expect(progress.snapshot().items[0]!.items[3]).toMatchObject({ status: 'cancelled', reason: 'gone' });
  });

  it('runs its work again on network trouble, and says so', async () => {
    const progress = createProgress({ scheduler: fastTime(), random: () => 0 });
    const item = progress.item('download', { total: 2 });
    const seen: unknown[] = [];
    const result = await item.run((self, attempt) => {
      seen.push([self === item, attempt, progress.snapshot().items[0]!.message]);
      if (attempt < 3) throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
      return 'all';
    });
    expect(result).toBe('all');
    expect(seen).toEqual([
      [true, 1, undefined],
      [true, 2, 'again in 250 ms: cut'],
      [true, 3, 'again in 500 ms: cut'],
    ]);
    expect(progress.snapshot().items[0]).toMatchObject({ status: 'completed', retries: 2 });
    const failing = progress.item('failing');
    await expect(failing.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(failing.status).toBe('failed');
    const stubborn = progress.item('stubborn');
    const rules = { attempts: 2, delayMs: 0, maxDelayMs: 0, retryOn: () => true };
    await expect(stubborn.run((_, attempt) => Promise.reject(new Error(`${attempt}`)), rules)).rejects.toThrow('2');
    await expect(stubborn.run(() => 1, { attempts: 0 })).rejects.toThrow('attempts must be');
  });

  it('gets through where a server breaks off twice', async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests++;
      response.writeHead(200, { 'content-length': '4' });
      response.write('ab');
      if (requests < 3) response.destroy();
      else response.end('cd');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const progress = createProgress();
    const item = progress.item('download', { total: 4 });
    const text = await item.run(
      async ({ signal }) => {
        item.set(0);
        const response = await fetch(`http://127.0.0.1:${port}`, { signal });
        const answer = await response.text();
        item.advance(answer.length);
        return answer;
      },
      { delayMs: 1 },
    );
    expect([text, requests, item.status]).toEqual(['abcd', 3, 'completed']);
    expect(progress.snapshot().items[0]).toMatchObject({ current: 4, retries: 2 });
    await progress[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  });

  it('is cancelled when it is left before it is done', async () => {
    const { progress } = stage();
    let left: ProgressItem;
    let stopped = false;
    {
      await using item = progress.item('left');
      left = item;
      const working = item.item('part').run(async (part) => {
        await new Promise((resolve) => part.signal.addEventListener('abort', resolve));
        await Promise.resolve();
        stopped = true;
        throw new Error('stopped');
      });
      working.catch(() => {});
    }
    expect([left.status, stopped]).toEqual(['cancelled', true]);
    {
      await using item = progress.item('done');
      left = item;
      item.complete();
    }
    expect(left.status).toBe('completed');
  });

  it.each([
    [1, {}, 'the name of an item must be a string'],
    ['a', { total: -1 }, 'total must be'],
    ['a', { weight: 0 }, 'weight must be'],
    ['a', { onDisconnect: 'stay' }, 'onDisconnect must be'],
  ])('refuses %j with %j', (name, options, message) => {
    const { progress } = stage();
    expect(() => progress.item(name as string, options as never)).toThrow(message);
    expect(progress.snapshot().items).toEqual([]);
    const item = progress.item('a');
    expect(() => item.advance(-1)).toThrow('by must be');
    expect(() => item.set(NaN)).toThrow('current must be');
    expect(() => item.set(1, -1)).toThrow('total must be');
  });
});
