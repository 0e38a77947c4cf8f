import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadlines, type Due } from '../../src/streams/deadlines.js';

const due = (dueAt: number): Due => ({ dueAt, place: -1 });

describe('Deadlines', () => {
  it('knows what is due first', () => {
    const deadlines = new Deadlines();
    expect(deadlines.first).toBeUndefined();
    const [late, soon, middle] = [due(30), due(10), due(20)];
    for (const one of [late, soon, middle]) deadlines.add(one);
    expect(deadlines.first).toBe(soon);
    soon.dueAt = 40;
    deadlines.moved(soon);
    expect(deadlines.first).toBe(middle);
    deadlines.delete(middle);
    expect(deadlines.first).toBe(late);
    deadlines.clear();
    expect(deadlines.first).toBeUndefined();
  });

  it('is never wrong about it, whatever comes, moves and goes', () => {
    const step = fc.tuple(fc.constantFrom('add', 'move', 'delete'), fc.nat(50), fc.nat(1000));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const deadlines = new Deadlines();
        const all: Due[] = [];
        for (const [what, which, time] of steps) {
          const known = all[which % Math.max(1, all.length)];
          if (what === 'add' || known === undefined) {
            all.push(due(time));
            deadlines.add(all.at(-1)!);
          } else if (what === 'move') {
            known.dueAt = time;
            deadlines.moved(known);
          } else {
            all.splice(all.indexOf(known), 1);
            deadlines.delete(known);
          }
          expect(deadlines.first?.dueAt).toBe(all.length === 0 ? undefined : Math.min(...all.map((one) => one.dueAt)));
        }
      }),
    );
  });
});
