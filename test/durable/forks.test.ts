import { describe, expect, it } from 'vitest';
import { Forks } from '../../src/durable/forks.js';
import { createMemoryLog } from '../../src/log/memory.js';

function stage(...streams: string[]) {
  const log = createMemoryLog();
  for (const name of streams) log.create(name);
  return { log, forks: new Forks(log, () => 0), others: new Forks(log, () => 0) };
}

describe('Forks', () => {
  it('blocks the name of a stream that was deleted with forks, for all who share the log', async () => {
    const { log, forks, others } = stage('a', 'b');
    expect(await forks.fork('b', 'a')).toBe(true);
    expect(await forks.fork('b', 'a'), 'again').toBe(true);
    await forks.deleted('a');
    log.delete('a');
    expect(await others.isDeleted('a')).toBe(true);
    expect(await others.fork('c', 'a')).toBe(false);
    await others.deleted('b');
    log.delete('b');
    expect(await forks.isDeleted('a')).toBe(false);
  });

  it('notices forks that have gone without a word, up the chain', async () => {
    const { log, forks } = stage('a', 'b', 'c');
    await forks.fork('b', 'a');
    await forks.fork('c', 'b');
    await forks.deleted('a');
    await forks.deleted('b');
    log.delete('a');
    log.delete('b');
    expect(await forks.isDeleted('a')).toBe(true);
    log.delete('c');
    expect(await forks.isDeleted('a')).toBe(false);
    expect(await forks.isDeleted('b')).toBe(false);
  });
});
