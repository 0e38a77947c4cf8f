import { describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../src/queue/queue.js';
import { checkWait, WaitingClaims } from '../../src/queue/waiting-claims.js';
import { VirtualTime } from '../virtual-time.js';

const job = (id: string) => ({ id }) as ClaimedJob;

function stage() {
  const time = new VirtualTime();
  const claims = new WaitingClaims(time);
  const heard: string[] = [];
  const wait = (name: string, waitMs: number, signal?: AbortSignal) =>
    void claims.wait(waitMs, signal).then(
      (got) => heard.push(`${name}: ${got?.id}`),
      (error: Error) => heard.push(`${name}: ${error.message}`),
    );
  return { time, claims, heard, wait };
}

describe('WaitingClaims', () => {
  it('serves in turn', async () => {
    const { time, claims, heard, wait } = stage();
    expect(claims.give(job('a'))).toBe(false);
    wait('one', 100);
    wait('two', 100);
    expect(claims.give(job('b'))).toBe(true);
    expect(claims.give(job('c'))).toBe(true);
    expect(claims.give(job('d'))).toBe(false);
    await time.pass(200);
    expect(heard).toEqual(['one: b', 'two: c']);
    expect(time.actions).toEqual([]);
  });

  it('sends away whose time is over, or who gives up', async () => {
    const { time, claims, heard, wait } = stage();
    const leaving = new AbortController();
    wait('one', 10);
    wait('two', 100, leaving.signal);
    await time.pass(9);
    expect(heard).toEqual([]);
    await time.pass(1);
    expect(heard).toEqual(['one: undefined']);
    leaving.abort();
    await time.pass(0);
    expect(heard).toEqual(['one: undefined', 'two: undefined']);
    expect(claims.size).toBe(0);
  });

  it('does not let a claim wait that was given up before', async () => {
    const { time, claims, heard, wait } = stage();
    wait('one', 100, AbortSignal.abort());
    await time.pass(0);
    expect(heard).toEqual(['one: undefined']);
    expect(claims.size).toBe(0);
  });

  it('sends everybody away, or tells them why', async () => {
    const { time, claims, heard, wait } = stage();
    wait('one', 10);
    wait('two', 10);
    claims.dismiss();
    wait('three', 10);
    wait('four', 10);
    claims.fail(new Error('no way'));
    await time.pass(20);
    expect(heard).toEqual(['one: undefined', 'two: undefined', 'three: no way', 'four: no way']);
  });
});

describe('checkWait', () => {
  it('takes what is a wait', () => {
    expect(checkWait({})).toBe(0);
    expect(checkWait({ waitMs: 7 })).toBe(7);
    expect(() => checkWait({ waitMs: Infinity })).toThrow('waitMs');
  });
});
