import { describe, expect, it } from 'vitest';
import { writeOperators } from '../../../scripts/docs/operators.js';
import { createHouse } from '../../house/house.js';

const files = {
  'operators/index.ts': "export * from './pace-out.js';\n",
  'operators/pace-out.ts':
    '/**\n * Slows.\n *\n * - **Emits** all.\n *\n * @example\n * // source  -a|\n * paceOut();\n */\n' +
    'export function paceOut(): void {\n}\n',
  'operators/ring.ts': '/** Not public. */\nexport function ring(): void {\n}\n',
  'examples/operators/pace-out.ts': "console.log('paced');\n// paced\n",
};
const purposes = { Slow: ['paceOut'] };

function write(changed: Record<string, string> = {}): ReadonlyMap<string, string> {
  return writeOperators(createHouse({ ...files, ...changed }), purposes);
}

describe('writeOperators', () => {
  it('writes a page and a picture for each public operator, and the list', () => {
    const written = write();
    expect([...written.keys()]).toEqual(['README.md', 'pace-out.md', 'pace-out.svg']);
    expect(written.get('pace-out.md')).toContain("```ts\nconsole.log('paced');\n// paced\n```");
    expect(written.get('pace-out.svg')).toMatch(/^<svg /);
  });

  it.each([
    [
      'operators/pace-out.ts',
      'export function paceOut(): void {\n}\n',
      'operators/pace-out.ts says nothing about paceOut',
    ],
    [
      'operators/pace-out.ts',
      '/**\n * Slows.\n *\n * @example\n * paceOut();\n */\nexport function paceOut(): void {\n}\n',
      'the @example in operators/pace-out.ts has no marbles',
    ],
    [
      'operators/index.ts',
      "export * from './gone.js';\n",
      'operators/index.ts hands on operators/gone.ts, which is not there',
    ],
  ])('tells what is missing: %s %#', (path, text, why) => {
    expect(() => write({ [path]: text })).toThrow(why);
  });

  it('asks for the program', () => {
    const { 'examples/operators/pace-out.ts': _, ...rest } = files;
    expect(() => writeOperators(createHouse(rest), purposes)).toThrow(
      'paceOut has no program: write examples/operators/pace-out.ts',
    );
  });
});
