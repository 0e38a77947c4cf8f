import { asyncScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createChunk, encodeChunk } from '../../src/chunk/index.js';
import { firstEntry } from '../../src/interop/first-entry.js';
import { createMemoryLog } from '../../src/log/memory.js';

const chunk = encodeChunk(createChunk({ streamId: 's', seq: 0, data: 'a' }));

describe('firstEntry', () => {
  it('waits for a stream that is not there, and for its first chunk', async () => {
    const log = createMemoryLog();
    let come = false;
    const waiting = firstEntry(log, 's', { withinMs: 60_000, signal: undefined, scheduler: asyncScheduler }).then(
      () => (come = true),
    );
    await log.create('s');
    await Promise.resolve();
    expect(come).toBe(false);
    await log.append('s', [chunk]);
    expect(await waiting).toBe(true);
  });

  it('waits neither behind the end, nor when it is too late', async () => {
    const log = createMemoryLog();
    const options = { withinMs: 1, signal: undefined, scheduler: asyncScheduler };
    await expect(firstEntry(log, 's', options)).rejects.toMatchObject({ code: 'stream-not-found' });
    await log.create('s');
    await log.append('s', [], { close: { status: 'completed' } });
    await firstEntry(log, 's', options);
  });
});
