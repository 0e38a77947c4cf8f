import { describe, expect, it } from 'vitest';
import { type OperatorPage, writeIndex, writePage } from '../../../scripts/docs/page.js';

const pace: OperatorPage = {
  name: 'paceOut',
  file: 'pace-out',
  signatures: ['function paceOut(a: number): void', 'function paceOut(): void'],
  text: 'Slows a stream, before {@link reorder}. {@link paceOut} and {@link Pause} have no page to go to.',
  promises: '- **Emits** every item.',
  tags: [
    { name: 'example', text: 'items$.pipe(paceOut());' },
    { name: 'param', text: 'a - how\nslow' },
    { name: 'throws', text: 'RangeError for a bad time' },
  ],
  types: [
    {
      name: 'PaceOutOptions',
      kind: 'interface',
      text: 'Options of {@link paceOut}.',
      fields: [
        { name: 'must', type: "'a' | 'b'", optional: false, text: 'Be given.' },
        { name: 'may', type: 'number', optional: true, text: 'Be\ngiven.' },
      ],
      stands: '',
    },
    {
      name: 'Pause',
      kind: 'class',
      text: 'Shows a pause.',
      fields: [{ name: 'from', type: 'number', optional: false, text: '' }],
      stands: '',
    },
    { name: 'Speed', kind: 'type', text: 'How fast.', fields: [], stands: 'type Speed = number;' },
  ],
  usage: 'items$.pipe(paceOut());',
  program: "console.log('paced');\n// paced",
};
const pages = new Map([
  ['paceOut', 'pace-out'],
  ['reorder', 'reorder'],
]);

describe('writePage', () => {
  const page = writePage(pace, pages);

  it('holds the words, the picture, the promises, the use and the program', () => {
    const parts = ['# paceOut', '![', '- **Emits**', 'items$.pipe(paceOut());', '// paced', 'function paceOut(): void'];
    const places = parts.map((part) => page.indexOf(part));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(page).toContain('](pace-out.svg)');
  });

  it('links to the pages there are, but not to itself', () => {
    expect(page).toContain('before [`reorder`](reorder.md). `paceOut` and `Pause` have');
  });

  it('says of every option what it is and whether it must be given', () => {
    expect(page).toContain("| **`must`** | `'a' \\| 'b'` | Be given. |\n| `may` | `number` | Be given. |");
    expect(page).toContain('## PaceOutOptions\n\n| option | type | meaning |');
    expect(page).toContain(
      '## Pause\n\nShows a pause.\n\n| field | type | meaning |\n| --- | --- | --- |\n| `from` | `number` |  |',
    );
    expect(page).toContain('## Speed\n\nHow fast.\n\n```ts\ntype Speed = number;\n```');
  });

  it('says what is passed and thrown', () => {
    expect(page).toContain('`a`: how slow.');
    expect(page).toContain('It throws RangeError for a bad time.');
    const odd = { ...pace, tags: [{ name: 'see', text: 'elsewhere' }] };
    expect(() => writePage(odd, pages)).toThrow('a page has no place for @see');
  });
});

describe('writeIndex', () => {
  it('lists the operators by purpose, with their first sentence', () => {
    expect(writeIndex([pace], { 'Be slow': ['paceOut'] })).toContain(
      '## Be slow\n\n| operator | what it does |\n| --- | --- |\n' +
        '| [`paceOut`](pace-out.md) | Slows a stream, before `reorder`. |\n',
    );
  });

  it('leaves nobody out', () => {
    expect(() => writeIndex([pace], {})).toThrow('paceOut: say in scripts/docs/purposes.ts what for');
    expect(() => writeIndex([], { 'Be slow': ['paceOut'] })).toThrow(
      'paceOut of scripts/docs/purposes.ts is no operator',
    );
  });
});
