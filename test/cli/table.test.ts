import { describe, expect, it } from 'vitest';
import { table } from '../../src/cli/table.js';

describe('table', () => {
  it('makes columns as wide as they need, and lets nothing steer the terminal', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['long', '1'],
          ['x', 'two\u001b[2J'],
        ],
      ),
    ).toBe('A     B\nlong  1\nx     two?[2J\n');
    expect(table(['A'], [])).toBe('A\n');
  });
});
