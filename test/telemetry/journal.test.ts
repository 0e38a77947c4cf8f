import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Journal } from '../../src/telemetry/journal.js';
import { lineKeeper } from './line-keeper.js';

describe('Journal', () => {
  it('writes lines as pino does, one for each, whatever strangers say', () => {
    const written: string[] = [];
    const journal = new Journal(
      pino({ base: null, timestamp: false }, { write: (line: string) => written.push(line) }),
    );
    journal.write('warn', 'connection cut', { reason: 'bye\n{"level":30,"msg":"forged"}', left: undefined, seq: 7 });
    expect(written).toHaveLength(1);
    expect(written[0]).toBe(
      `${JSON.stringify({ level: 40, reason: String.raw`bye\u000a{"level":30,"msg":"forged"}`, seq: 7, msg: 'connection cut' })}\n`,
    );
  });

  it('counts the lines in which something was not written as it was said', () => {
    const { logger } = lineKeeper();
    const journal = new Journal(logger);
    journal.write('warn', 'connection cut', { reason: 'bye', seq: 7 });
    expect(journal.cleaned).toBe(0);
    journal.write('warn', 'connection cut', { reason: 'bye\nforged', session: 'a\rb' });
    journal.write('warn', 'connection cut', { reason: 'token=secret' });
    expect(journal.cleaned).toBe(2);
  });

  it('keeps a flood short, and says afterwards how long it was', () => {
    let now = 5000;
    const { logger, lines } = lineKeeper();
    const journal = new Journal(logger, { maxLinesPerSecond: 2, scheduler: { now: () => now } });
    for (let i = 0; i < 1000; i++) journal.write('info', `line ${i}`);
    expect([lines().map(({ message }) => message), journal.dropped]).toEqual([['line 0', 'line 1'], 998]);
    now += 1000;
    journal.write('info', 'later');
    expect(lines().slice(2)).toEqual([
      { level: 'warn', message: 'lines were left out', fields: { lines: 998 } },
      { level: 'info', message: 'later', fields: {} },
    ]);
    now += 1000;
    journal.write('info', 'still later');
    expect(lines()).toHaveLength(5);
  });

  it('is not harmed by a logger that throws', () => {
    const broken = (): never => {
      throw new Error('the disk is full');
    };
    const journal = new Journal({ info: broken, warn: broken, error: broken });
    expect(() => journal.write('info', 'something')).not.toThrow();
  });

  it('refuses a bound that is none', () => {
    expect(() => new Journal(lineKeeper().logger, { maxLinesPerSecond: 0 })).toThrow('maxLinesPerSecond');
  });
});
