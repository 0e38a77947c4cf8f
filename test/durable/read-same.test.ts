import { describe, expect, it } from 'vitest';
import { readSame } from '../../src/durable/read-same.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { encoded } from './lab.js';

describe('readSame', () => {
  it('reads from a stream, and not from another of its name', async () => {
    let time = 1;
    const log = createMemoryLog({ now: () => time });
    log.create('a');
    log.append('a', [encoded('one')]);
    const read = async (createdAt: number) => await readSame(log, { name: 'a', createdAt }, 0, { chunks: 1, bytes: 1 });
    expect(await read(1)).toMatchObject({ from: 0, next: 1 });
    log.delete('a');
    await expect(read(1)).rejects.toMatchObject({ code: 'stream-not-found' });
    time = 2;
    log.create('a');
    await expect(read(1)).rejects.toMatchObject({ code: 'stream-not-found' });
  });
});
