import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { writeOperators } from '../../scripts/docs/operators.js';
import { purposes } from '../../scripts/docs/purposes.js';
import { readHouse } from '../house/house.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = `${root}docs/operators/`;

describe('docs/operators', () => {
  const written = writeOperators(readHouse(root), purposes);
  const there = readdirSync(folder);

  it('has a page and a picture for every operator, and nothing else', () => {
    expect(there.toSorted(), 'To mend it: npm run docs').toEqual([...written.keys()].toSorted());
  });

  it.each([...written.keys()].filter((file) => file !== 'README.md' && file.endsWith('.md')))(
    '%s has a table for the options of every signature',
    (file) => {
      const page = written.get(file)!;
      const [signature = ''] = /^## Signature$[^]*?^```$/m.exec(page) ?? [];
      const options = new Set(signature.match(/\b[A-Z]\w*Options\b/g));
      expect([...options].filter((name) => !page.includes(`## ${name}\n`))).toEqual([]);
    },
  );

  it.each([...written.keys()])('%s says what the code says', (file) => {
    const old = there.includes(file) ? readFileSync(folder + file, 'utf8') : '';
    if (old !== written.get(file)) throw new Error(`docs/operators/${file} is old. To mend it: npm run docs`);
  });
});
