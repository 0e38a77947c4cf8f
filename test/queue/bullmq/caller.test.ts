import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { BullmqCaller, isNotHeld } from '../../../src/queue/bullmq/caller.js';

const notHeld = Object.assign(new Error('Missing lock'), { code: -2 });

describe('BullmqCaller', () => {
  it('answers what Redis answers, and waits no more', async () => {
    const scheduler = new VirtualTimeScheduler();
    expect(await new BullmqCaller(100, scheduler).call(() => Promise.resolve(7))).toBe(7);
    expect(scheduler.actions).toEqual([]);
  });

  it('gives up when patience ends, says what was heard meanwhile, and hands on what comes late', async () => {
    const scheduler = new VirtualTimeScheduler();
    const caller = new BullmqCaller(100, scheduler);
    const heard = new Error('ECONNREFUSED');
    caller.blame(heard);
    let answer!: (value: string) => void;
    const late = vi.fn(() => Promise.reject(new Error('nobody hears this')));
    const call = caller.call(() => new Promise<string>((resolve) => (answer = resolve)), late);
    scheduler.flush();
    await expect(call).rejects.toMatchObject({
      code: 'queue-unavailable',
      message: 'Redis cannot be asked: no answer within 100 ms',
      cause: { cause: heard },
    });
    answer('a job');
    await expect.poll(() => late).toHaveBeenCalledWith('a job');
  });

  it.each(['OOM command not allowed', 'ERR Error running script: -MISCONF cannot persist'])(
    'says that the queue is full for "%s"',
    async (message) => {
      const call = new BullmqCaller(100, new VirtualTimeScheduler()).call(() => Promise.reject(new Error(message)));
      await expect(call).rejects.toMatchObject({ code: 'queue-full' });
    },
  );

  it('leaves alone what has a name already', async () => {
    const caller = new BullmqCaller(100, new VirtualTimeScheduler());
    const full = new StreamError('queue-full', 'no room');
    for (const error of [full, notHeld]) await expect(caller.call(() => Promise.reject(error))).rejects.toBe(error);
  });

  it('fails because the queue is closed, once it is', async () => {
    const caller = new BullmqCaller(100, new VirtualTimeScheduler());
    caller.closed = true;
    const call = caller.call(() => Promise.reject(new Error('Connection is closed.')));
    await expect(call).rejects.toMatchObject({ code: 'queue-closed' });
  });
});

describe('isNotHeld', () => {
  it('knows the refusals to act on a job that somebody else has', () => {
    expect([isNotHeld(notHeld), isNotHeld(new Error('Missing lock')), isNotHeld({ code: -2 })]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
