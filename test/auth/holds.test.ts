import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Holds, type SharedHolds } from '../../src/auth/holds.js';

/** What servers hold together, in the test's hand. */
class Book implements SharedHolds {
  readonly said: string[] = [];
  others = 0;
  isNew = true;
  reachable = true;
  renewals = 0;
  underWay = 0;
  mostUnderWay = 0;

  async say(key: string, count: number, most: number): Promise<boolean | undefined> {
    this.said.push(`${key} ${count}`);
    this.underWay++;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    await Promise.resolve();
    this.underWay--;
    return this.reachable ? this.others + count <= most : undefined;
  }

  async renew(): Promise<boolean> {
    this.renewals++;
    const { isNew } = this;
    this.isNew = false;
    return await Promise.resolve(isNew);
  }
}

function open(most: number, shared?: Book) {
  const scheduler = new VirtualTimeScheduler();
  const holds = new Holds({ most, shared, renewMs: 1000, scheduler });
  const pass = async (to: number) => {
    scheduler.maxFrames = to;
    scheduler.flush();
    await settled();
  };
  return { holds, scheduler, pass };
}

async function settled(): Promise<void> {
  for (let hops = 0; hops < 50; hops++) await undefined;
}

describe('Holds', () => {
  it('gives out so many at the same time, and those again that come back', () => {
    const { holds } = open(2);
    expect([1, 2, 3].map(() => holds.hold('ann'))).toEqual([true, true, false]);
    expect(holds.hold('bob')).toBe(true);
    for (let times = 0; times < 3; times++) holds.release('ann');
    expect([1, 2, 3].map(() => holds.hold('ann'))).toEqual([true, true, false]);
  });

  it('asks what others hold, and not where it is too much without them', async () => {
    const book = new Book();
    const { holds } = open(3, book);
    book.others = 1;
    expect(await Promise.all([1, 2, 3, 4].map(async () => await holds.hold('ann')))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    await settled();
    // What was refused is given back.
    expect(book.said.at(-1)).toBe('ann 2');
    holds.release('ann');
    await settled();
    expect(book.said.at(-1)).toBe('ann 1');
    expect(book.said.filter((words) => words === 'ann 4')).toEqual([]);
    book.others = 0;
    expect(await Promise.all([1, 2, 3].map(async () => await holds.hold('ann')))).toEqual([true, true, false]);
  });

  it('goes on for itself where nobody answers', async () => {
    const book = new Book();
    book.reachable = false;
    const { holds } = open(2, book);
    book.others = 100;
    expect(await Promise.all([1, 2, 3].map(async () => await holds.hold('ann')))).toEqual([true, true, false]);
  });

  it('asks nobody where there is no end of it', async () => {
    const book = new Book();
    const { holds } = open(Infinity, book);
    expect(holds.hold('ann')).toBe(true);
    holds.release('ann');
    await settled();
    expect([book.said, book.renewals]).toEqual([[], 0]);
  });

  it('says that it lives as long as something is held, and all it holds where it was forgotten', async () => {
    const book = new Book();
    const { holds, scheduler, pass } = open(10, book);
    await holds.hold('ann');
    await holds.hold('bob');
    await settled();
    expect(book.renewals).toBe(1);
    book.said.length = 0;
    await pass(1000);
    expect([book.renewals, book.said]).toEqual([2, []]);
    book.isNew = true;
    await pass(2000);
    expect([book.renewals, book.said]).toEqual([3, ['ann 1', 'bob 1']]);
    holds.release('ann');
    holds.release('bob');
    await pass(5000);
    expect([book.renewals, scheduler.actions.length]).toEqual([3, 0]);
    await holds.hold('ann');
    await settled();
    expect(book.renewals).toBe(4);
  });

  it('renews nothing that was given back while it was renewed', async () => {
    const book = new Book();
    const { holds, scheduler, pass } = open(10, book);
    const held = holds.hold('ann');
    holds.release('ann');
    await held;
    await settled();
    expect(scheduler.actions).toEqual([]);
    await holds.hold('ann');
    await pass(1000);
    expect(book.renewals).toBe(3);
  });

  it('says what is given back at once in one word, and a hundred at a time', async () => {
    const book = new Book();
    const { holds } = open(10, book);
    for (let n = 0; n < 250; n++) {
      await holds.hold(`user ${n}`);
      await holds.hold(`user ${n}`);
    }
    await settled();
    book.said.length = 0;
    book.mostUnderWay = 0;
    for (let n = 0; n < 250; n++) {
      holds.release(`user ${n}`);
      holds.release(`user ${n}`);
    }
    await settled();
    expect(book.said).toEqual(Array.from({ length: 250 }, (_, n) => `user ${n} 0`));
    expect(book.mostUnderWay).toBe(100);
  });
});
