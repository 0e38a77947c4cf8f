import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { createMemoryQueue } from '../../src/queue/memory.js';
import { isLost, QueueStage, refusedCall, refusedJob } from '../../src/testing/queue-stage.js';

describe('QueueStage', () => {
  it('waits until something holds, and says what it waited for in vain', async () => {
    const stage = new QueueStage({ queue: createMemoryQueue(), patienceMs: 30 });
    let looks = 0;
    await stage.until('it holds', async () => ++looks === 3);
    expect(looks).toBe(3);
    await expect(stage.until('pigs fly', async () => false)).rejects.toThrow('waited 30 ms in vain until pigs fly');
  });

  it('says that no job has come, or no answer', async () => {
    const stage = new QueueStage({ queue: createMemoryQueue(), patienceMs: 30 });
    await expect(stage.claim()).rejects.toThrow('waited 30 ms in vain for a job');
    await expect(stage.settled(new Promise(() => {}))).rejects.toThrow('waited 60 ms in vain for an answer');
  });

  it('claims anew where a lease ran out before it could acknowledge', async () => {
    const queue = createMemoryQueue();
    const stage = new QueueStage({ queue });
    await stage.jobs('a');
    let slow = true;
    const claim = queue.claim.bind(queue);
    queue.claim = async (options) => {
      const job = await claim(options);
      if (slow) await job?.release();
      slow = false;
      return job;
    };
    expect(await stage.done()).toMatchObject({ id: 'a', attempt: 2 });
    await stage.jobs('b');
    await queue.dispose();
    await expect(stage.done()).rejects.toMatchObject({ code: 'queue-closed' });
  });

  it('does not take other trouble for a lost lease', async () => {
    const queue = createMemoryQueue();
    const stage = new QueueStage({ queue });
    await stage.jobs('a');
    const claim = queue.claim.bind(queue);
    queue.claim = async (options) => {
      const job = await claim(options);
      return job && { ...job, ack: () => Promise.reject(new Error('no ink')) };
    };
    await expect(stage.done()).rejects.toThrow('no ink');
  });
});

describe('refusedJob', () => {
  it('fails when work is not refused, or otherwise', async () => {
    const refusal = async () => {
      throw new StreamError('lease-lost', 'gone');
    };
    await refusedJob('lease-lost', refusal);
    await expect(refusedJob('queue-full', refusal)).rejects.toThrow("expected 'lease-lost' to be 'queue-full'");
    await expect(refusedJob('lease-lost', async () => 1)).rejects.toThrow('refused with lease-lost');
  });
});

describe('refusedCall', () => {
  it('fails when a call is not refused, or not by name', async () => {
    const refusal = async () => {
      throw new RangeError('waitMs must be a number');
    };
    await refusedCall('waitMs', refusal);
    await expect(refusedCall('limit', refusal)).rejects.toThrow('limit');
    await expect(refusedCall('waitMs', async () => 1)).rejects.toThrow('waitMs is refused');
  });
});

describe('isLost', () => {
  it('knows a lost lease', () => {
    expect(isLost(new StreamError('lease-lost', 'gone'))).toBe(true);
    expect(isLost(new StreamError('queue-full', 'no'))).toBe(false);
    expect(isLost('lease-lost')).toBe(false);
  });
});
