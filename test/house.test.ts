import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createHouse, readHouse } from './house/house.js';
import { importRules } from './house/imports.js';
import { paperRules } from './house/papers.js';
import { sourceRules } from './house/sources.js';

const house = readHouse(fileURLToPath(new URL('..', import.meta.url)));

describe('house', () => {
  for (const { says, mend, broken, sample } of [...importRules, ...sourceRules, ...paperRules]) {
    it(says, () => {
      // Only a rule that finds what is wrong with a small house that breaks it is worth hearing on ours.
      expect(broken(createHouse(sample)), 'the rule does not see its own sample').not.toEqual([]);
      const breaks = broken(house);
      if (breaks.length > 0) throw new Error(`${says}, but:\n  ${breaks.join('\n  ')}\nTo mend it: ${mend}.`);
    });
  }

  it('is read whole', () => {
    expect(house.sources.length).toBeGreaterThan(20);
    expect(house.sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(house.sources.length);
  });
});
