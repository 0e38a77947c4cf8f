import { describe, expect, it } from 'vitest';
import { createMemoryLog } from '../../src/log/memory.js';
import { wrapLog } from '../../src/streams/wrap-log.js';
import { logLaws } from '../../src/testing/log-laws.js';
import { encodedTexts } from '../bodies.js';

logLaws('a log in another', () => {
  let now = 1_000_000;
  const log = wrapLog(createMemoryLog({ now: () => now }), {});
  return { log, advance: (ms) => void (now += ms) };
});

describe('wrapLog', () => {
  it.each([true, false, undefined])(
    'does in another way what it is told to, and the rest as the log: exclusive %s',
    async (is) => {
      const log = Object.assign(createMemoryLog(), is === undefined ? {} : { exclusive: is });
      const wrapped = wrapLog(log, { info: () => undefined });
      await wrapped.create('s');
      await wrapped.append('s', encodedTexts('a'));
      expect([wrapped.info('s'), wrapped.exclusive]).toEqual([undefined, is]);
      expect(log.info('s')).toMatchObject({ next: 1 });
      // What a log leaves out is looked for by some.
      expect('exclusive' in wrapped).toBe(is !== undefined);
    },
  );

  it('disposes of the log', async () => {
    let disposed = 0;
    const log = Object.assign(createMemoryLog(), { dispose: () => void disposed++ });
    await wrapLog(log, {}).dispose();
    expect(disposed).toBe(1);
  });
});
