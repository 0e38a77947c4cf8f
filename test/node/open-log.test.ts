import { describe, expect, it } from 'vitest';
import { openLog } from '../../src/node/open-log.js';

describe('openLog', () => {
  it('opens a log in memory', async () => {
    const log = await openLog('memory');
    await log.create('s');
    expect((await log.list()).map(({ streamId }) => streamId)).toEqual(['s']);
    await log.dispose();
  });

  it.each(['', 'floppy', 'floppy:/a', 'memory:', 'memory:x', 'constructor', '__proto__:x', ':'])(
    'refuses %j and names the choices',
    async (url) => {
      await expect(openLog(url)).rejects.toThrow(/^log must be one of memory\b/);
      await expect(openLog(url)).rejects.toBeInstanceOf(RangeError);
    },
  );

  it('repeats nothing of what stands behind the scheme: it may hold a password', async () => {
    await expect(openLog('floppy://ishmael:secret@host')).rejects.toThrow(/^(?!.*secret).*"floppy"$/);
  });

  it('refuses what is no string', async () => {
    await expect(openLog(5 as never)).rejects.toThrow(new TypeError('log must be a string, got a number'));
  });
});
