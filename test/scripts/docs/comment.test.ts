import { describe, expect, it } from 'vitest';
import { firstSentence, oneLine, readComment, readExample } from '../../../scripts/docs/comment.js';

const comment = `/**
 * Slows a stream down. Stands
 * before \`unwrap\`.
 *
 * - a list of its own
 *
 * - **Emits** every item,
 *   later.
 * - **Holds** one.
 *
 * @example
 * // source  -a|
 * items$.pipe(
 *   pace(),
 * );
 *
 * @throws RangeError for a bad time
 */
`;

describe('readComment', () => {
  it('parts what it says, what it promises and its tags', () => {
    expect(readComment(comment)).toEqual({
      text: 'Slows a stream down. Stands\nbefore `unwrap`.\n\n- a list of its own',
      promises: '- **Emits** every item,\n  later.\n- **Holds** one.',
      tags: [
        { name: 'example', text: '// source  -a|\nitems$.pipe(\n  pace(),\n);' },
        { name: 'throws', text: 'RangeError for a bad time' },
      ],
    });
  });

  it('reads a comment of one line', () => {
    expect(readComment('/** Default 1. */\n')).toEqual({ text: 'Default 1.', promises: '', tags: [] });
  });
});

describe('readExample', () => {
  it('parts the picture and the code', () => {
    expect(readExample('// source  -a|\n// pace()  --a|\nitems$.pipe(\n  pace(), // slowly\n);')).toEqual({
      picture: ['source  -a|', 'pace()  --a|'],
      code: 'items$.pipe(\n  pace(), // slowly\n);',
    });
  });
});

describe('firstSentence', () => {
  it.each([
    ['Slows it, e.g.\ndown. And more.', 'Slows it, e.g.'],
    ['Slows\nit down.\n\nMore.', 'Slows it down.'],
    ['Costs 0.5 of it. More.', 'Costs 0.5 of it.'],
    ['No end', 'No end'],
  ])('of %j is %j', (text, sentence) => expect(firstSentence(text)).toBe(sentence));
});

describe('oneLine', () => {
  it('keeps lists and paragraphs apart without breaking the line', () => {
    expect(oneLine('What\nto do:\n\n- this,\n  or\n- that.\n\nDefault this.')).toBe(
      'What to do:<br>• this, or<br>• that.<br>Default this.',
    );
  });
});
