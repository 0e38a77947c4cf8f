import { describe, expectTypeOf, it } from 'vitest';
import type { Appended, Log, MaybePromise } from '../../src/log/log.js';
import { createMemoryLog } from '../../src/log/memory.js';

// The compiler is the test: the run only shows that nothing throws.
describe('types of logs', () => {
  const log = createMemoryLog();

  it('say that a log in memory answers at once, and any log may answer later', () => {
    expectTypeOf(log.append).returns.toEqualTypeOf<Appended>();
    expectTypeOf(log).toExtend<Log>();
    expectTypeOf<Log['append']>().returns.toEqualTypeOf<MaybePromise<Appended>>();
    // @ts-expect-error - another log may answer later
    expectTypeOf<ReturnType<Log['append']>>().toExtend<Appended>();
  });

  it('know how a stream can end', () => {
    const append = (given: Log) => {
      void given.append('s', [], { close: { status: 'failed', reason: 'why' } });
      // @ts-expect-error - active is no end
      void given.append('s', [], { close: { status: 'active' } });
      // @ts-expect-error - a producer has a number
      void given.append('s', [], { producer: { id: 'p', epoch: 0 } });
    };
    expectTypeOf(append).toBeFunction();
  });
});
