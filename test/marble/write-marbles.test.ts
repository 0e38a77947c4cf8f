import * as fc from 'fast-check';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { readMarbles, writeMarbles } from 'sluice/marble';

describe('writeMarbles', () => {
  it.each([['-a-(bc)--|'], ['(ab|)'], ['-a 30ms b-#'], ['- 500ms a-'], ['a 20ms -'], ['---'], ['-'], ['-a 99ms -']])(
    'writes %j as it was read',
    (text) => {
      const { lines } = writeMarbles(readMarbles([`x  ${text}`]));
      const again = readMarbles([`x  ${lines['x']}`]);
      expect(again).toEqual(readMarbles([`x  ${text}`]));
    },
  );

  it('puts labels and notes where they are read again', () => {
    const texts = ['source   -a-G|  a: 1  G: 2 given up', 'reader   ---a|  slowly'];
    const { texts: written, lines } = writeMarbles(readMarbles(texts));
    expect(readMarbles(written)).toEqual(readMarbles(texts));
    expect(lines).toEqual({ source: '-a-G|', reader: '---a|' });
  });

  it('leaves out credit, and knows a picture of nothing', () => {
    const credit = { at: 0, marbles: [{ letter: '', kind: 'credit' }] } as const;
    const line = { label: 'a', from: 0, to: 0, moments: [credit] };
    expect(writeMarbles({ lines: [line], notes: [] }).lines).toEqual({ a: '-' });
    expect(writeMarbles({ lines: [], notes: [] })).toEqual({ lines: {}, texts: [] });
  });

  it('refuses what marbles cannot say', () => {
    const item = (at: number, ...letters: string[]) => ({
      at,
      marbles: letters.map((letter) => ({ letter, kind: 'item' }) as const),
    });
    const line = { label: 'a', from: 0, to: 9, moments: [item(0, 'a', 'b'), item(2, 'c')] };
    expect(() => writeMarbles({ lines: [line], notes: [] })).toThrow(
      new RangeError('the moment at 2 begins before the one before it ends, at 4'),
    );
  });

  it('is read by RxJS as it is read by us', () => {
    const letters = fc.array(fc.constantFrom(...'abcxyzAZ'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ wait: fc.integer({ min: 0, max: 60 }), letters })),
        fc.boolean(),
        (steps, ends) => {
          let at = 0;
          const moments = steps.map((step) => {
            const moment = {
              at: at + step.wait,
              marbles: step.letters.map((letter) => ({ letter, kind: 'item' }) as const),
            };
            at = moment.at + (step.letters.length > 1 ? step.letters.length + 2 : 1);
            return moment;
          });
          const end = { at: at + 1, marbles: [{ letter: '|', kind: 'end' } as const] };
          const line = { label: 'x', from: 0, to: ends ? at + 1 : at, moments: ends ? [...moments, end] : moments };
          const text = writeMarbles({ lines: [line], notes: [] }).lines['x']!;
          const factor = TestScheduler.frameTimeFactor;
          TestScheduler.frameTimeFactor = 1;
          const seen = TestScheduler.parseMarbles(text, undefined, undefined, undefined, true);
          TestScheduler.frameTimeFactor = factor;
          const said = seen.map(({ frame, notification: n }) => [frame, n.kind === 'N' ? n.value : '|']);
          expect(said).toEqual(line.moments.flatMap(({ at: f, marbles }) => marbles.map(({ letter }) => [f, letter])));
        },
      ),
    );
  });
});
