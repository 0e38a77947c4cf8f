import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { Follower, LogStage, refused, texts, thrownBy } from '../../src/testing/log-stage.js';

describe('LogStage', () => {
  it('waits until something holds, and says what it waited for in vain', async () => {
    const stage = new LogStage({ log: createMemoryLog(), patienceMs: 20 });
    let looks = 0;
    await stage.until('it holds', () => ++looks === 3);
    expect(looks).toBe(3);
    await expect(stage.until('pigs fly', () => false)).rejects.toThrow('waited 20 ms in vain until pigs fly');
  });

  it('waits for real where time cannot be advanced', async () => {
    const stage = new LogStage({ log: createMemoryLog() });
    const before = performance.now();
    await stage.advance(20);
    expect(performance.now() - before).toBeGreaterThan(15);
  });
});

describe('Follower', () => {
  it('counts what it could not read, and notices that the stream is gone', async () => {
    const log = createMemoryLog();
    log.create('s');
    log.append('s', texts(0, 5));
    log.trim('s', 3);
    const follower = new Follower(log, 's');
    log.append('s', texts(5, 1));
    await new Promise((resolve) => setTimeout(resolve));
    expect(follower).toMatchObject({ skipped: 3, chunks: texts(3, 3), gone: false });
    log.delete('s');
    await new Promise((resolve) => setTimeout(resolve));
    expect(follower.gone).toBe(true);
  });
});

describe('refused', () => {
  const error = new StreamError('gap', 'missing');

  it('answers the refusal, thrown or rejected', async () => {
    await expect(refused('gap', () => Promise.reject(error))).resolves.toBe(error);
    await expect(
      refused('gap', () => {
        throw error;
      }),
    ).resolves.toBe(error);
  });

  it('fails when work is not refused, or otherwise', async () => {
    await expect(refused('gap', () => 1)).rejects.toThrow('refused with gap');
    await expect(refused('gap', () => Promise.reject(new Error('broken')))).rejects.toThrow('refused with gap');
    await expect(refused('overflow', () => Promise.reject(error))).rejects.toThrow("expected 'gap' to be 'overflow'");
    await expect(thrownBy(() => 1)).resolves.toBeUndefined();
  });
});
