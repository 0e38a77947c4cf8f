import { describe, expect, it } from 'vitest';
import { Live } from '../../src/run/live.js';

function live() {
  const log: unknown[] = [];
  const one = new Live(undefined, () => log.push('start'), Promise.resolve({ value: 'all' }));
  const read = () =>
    one.items.subscribe({
      next: (piece) => log.push(piece),
      error: (error) => log.push(['error', error]),
      complete: () => log.push('complete'),
    });
  return { one, log, read };
}

describe('live', () => {
  it('begins when somebody reads, and passes on what comes', () => {
    const { one, log, read } = live();
    expect(log).toEqual([]);
    read();
    one.next('a');
    one.complete();
    one.begin();
    expect(log).toEqual(['start', 'a', 'complete']);
  });

  it('begins once, though nobody reads', () => {
    const { one, log } = live();
    one.begin();
    one.begin();
    one.next('a');
    expect(log).toEqual(['start']);
  });

  it('tells whoever has it that it broke off', () => {
    const { one, log, read } = live();
    one.fail('before anybody has it');
    const other = live();
    other.read();
    other.one.broken = (error) => other.log.push(['broken', error]);
    other.one.fail('why');
    expect([one.failure, other.one.failure]).toEqual([{ error: 'before anybody has it' }, { error: 'why' }]);
    expect(other.log).toEqual(['start', ['broken', 'why'], ['error', 'why']]);
    read();
    expect(log).toEqual([['error', 'before anybody has it'], 'start']);
  });
});
