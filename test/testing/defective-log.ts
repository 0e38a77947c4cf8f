import { expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import type { AppendOptions, Log } from '../../src/log/log.js';
import { createMemoryLog, type MemoryLog } from '../../src/log/memory.js';
import { logLawsOf } from '../../src/testing/log-laws.js';
import type { LogUnderTest } from '../../src/testing/log-stage.js';

/** What a log with a defect does otherwise than the one it was made of. */
export type Defect = (log: MemoryLog) => Partial<Log>;

/** For laws by title, logs that break them. */
export type Defects = Readonly<Record<string, readonly Defect[]>>;

/** A log in memory with a defect. */
export function makeLog(defect: Defect): LogUnderTest {
  let now = 1_000_000;
  const whole = createMemoryLog({ now: () => now });
  const other: Partial<Log> = defect(whole);
  const log = new Proxy<Log>(whole, {
    get: (target, key: keyof Log) => {
      const sound = target[key];
      return other[key] ?? (typeof sound === 'function' ? sound.bind(target) : sound);
    },
  });
  return { log, advance: (ms) => void (now += ms), patienceMs: 30 };
}

/** The laws' titles. */
export const lawTitles = logLawsOf(() => makeLog(() => ({}))).map(({ title }) => title);

/** Expects each law to see what is wrong with each of its logs. */
export function expectEachToFail(defects: Defects): void {
  for (const [title, logs] of Object.entries(defects)) {
    for (const [n, defect] of logs.entries()) {
      it(`"${title}" fails on a log that does not (${n + 1})`, async () => {
        const law = logLawsOf(() => makeLog(defect)).find((each) => each.title === title)!;
        await expect(untilItFails(law.check)).rejects.toThrow(/./);
      });
    }
  }
}

/** A law that goes by chance may miss a defect now and then, but not ten times running. */
async function untilItFails(check: () => unknown): Promise<void> {
  for (let n = 0; n < 10; n++) await check();
}

/** Waits a turn, or longer. */
export const later = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What work answers or, when it is refused with this code, something else. */
export function unless<T>(code: string, work: () => T, otherwise: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof StreamError) || error.code !== code) throw error;
    return otherwise();
  }
}

/** An answer that says little. */
export const acknowledged = { first: 0, next: 0, duplicates: 0, ended: false };

/** The options of an append without its producer. */
export const anonymous = (options: AppendOptions = {}): AppendOptions =>
  options.close === undefined ? {} : { close: options.close };
