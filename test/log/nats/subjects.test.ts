import { describe, expect, it } from 'vitest';
import { NatsSubjects } from '../../../src/log/nats/subjects.js';

const subjects = new NatsSubjects('sluice');

describe('NatsSubjects', () => {
  it('makes a path of segments that no subject confuses, and reads it back', () => {
    const names = [
      's',
      'books/moby-dick',
      'v1.2/a*b/>',
      '*',
      'a b',
      'książki/漢字/😀',
      '..a/$x',
      "%2F?#&='",
      '__proto__',
    ];
    for (const name of names) {
      const subject = subjects.of(name);
      expect(subject).toMatch(/^sluice\.kept\.[!-~]+$/);
      expect(subject).not.toMatch(/[*>]|\.\.|\.$/);
      expect(subject.split('.')).toHaveLength(2 + name.split('/').length);
      expect(subjects.streamOf(subject)).toBe(name);
    }
    expect(new Set(names.map((name) => subjects.of(name))).size).toBe(names.length);
  });

  it('tells of a stream elsewhere than it keeps it', () => {
    expect(subjects.noticesOf('a/b')).toBe('sluice.told.a.b');
    expect([subjects.all, subjects.allTold]).toEqual(['sluice.kept.>', 'sluice.told.>']);
  });

  it('matches what is at and below a path', () => {
    expect(subjects.within('')).toEqual(['sluice.kept.>']);
    expect(subjects.within('a/b')).toEqual(['sluice.kept.a.b', 'sluice.kept.a.b.>']);
    expect(subjects.within('a/b/')).toEqual(['sluice.kept.a.b.>']);
    expect(subjects.within('/')).toEqual([]);
  });

  it.each(['', 'a.b', 'a b', '*', '>', 'x'.repeat(65)])('refuses %j as a prefix', (prefix) => {
    expect(() => new NatsSubjects(prefix)).toThrow(RangeError);
    expect(() => new NatsSubjects(5 as never)).toThrow(new TypeError('prefix must be a string, got a number'));
  });
});
