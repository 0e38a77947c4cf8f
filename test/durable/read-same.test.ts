import { describe, expect, it } from 'vitest';
import { readSame } from '../../src/durable/read-same.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { encoded } from './lab.js';

describe('readSame', () => {
  it('reads from a stream, and not from another of its name', async () => {
    const log = createMemoryLog({ now: () => 1 });
    log.create('a');
    log.append('a', [encoded('one')]);
    const read = async (life: string) => await readSame(log, { name: 'a', life }, 0, { chunks: 1, bytes: 1 });
    const { life } = log.info('a')!;
    expect(await read(life)).toMatchObject({ from: 0, next: 1 });
    log.delete('a');
    await expect(read(life)).rejects.toMatchObject({ code: 'stream-not-found' });
    log.create('a');
    await expect(read(life)).rejects.toMatchObject({ code: 'stream-not-found' });
  });
});
