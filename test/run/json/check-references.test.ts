/* oxlint-disable unicorn/no-thenable -- a word of pipelines, and a list */
import { createStepTypes, pipelineFromJson } from 'sluice/run/json';
import { describe, expect, it } from 'vitest';

const types = createStepTypes();
const value = (id: string, given: unknown, rest: object = {}) => ({
  id,
  type: 'value',
  with: { value: given },
  ...rest,
});
const ref = (path: string) => ({ $from: path });
const check = (...steps: unknown[]) => pipelineFromJson({ name: 'it', steps }, { types });
const problem = (...steps: unknown[]): unknown => {
  try {
    check(...steps);
    return undefined;
  } catch (error) {
    const { problem: found, field, message } = error as { problem: string; field: string; message: string };
    return [found, field, message.slice(field.length + 2)];
  }
};

describe('check references', () => {
  it('takes what has finished before, here and around', () => {
    expect(
      problem(
        value('a', 1),
        {
          id: 'm',
          map: ref('input'),
          steps: [value('b', ref('steps.a')), value('c', [ref('steps.b'), ref('item.x')])],
        },
        { id: 'p', parallel: { x: [value('d', ref('steps.m.0'))], y: [value('e', ref('steps.a'))] } },
        value('f', ref('steps.p.x')),
      ),
    ).toBeUndefined();
  });

  it.each<[string, unknown[], unknown]>([
    [
      'two steps of one id, however far apart',
      [value('a', 1), { id: 'm', map: [], steps: [value('a', 2)] }],
      ['id-duplicate', 'steps.1.steps.0.id', '"a" is the id of steps.0, too'],
    ],
    [
      'a step that is not there',
      [value('a', ref('steps.b'))],
      ['reference-unknown', 'steps.0.with.value', 'there is no step "b"'],
    ],
    [
      'a later step',
      [value('a', [ref('steps.b')]), value('b', 1)],
      ['reference-later', 'steps.0.with.value.0', 'step "b" has not finished when this one begins'],
    ],
    [
      'a cycle',
      [value('a', ref('steps.b')), value('b', ref('steps.c')), value('c', ref('steps.a'))],
      ['reference-cycle', 'steps.0.with.value', 'steps need each other: a → b → c → a'],
    ],
    [
      'a step that needs itself',
      [value('a', ref('steps.a'))],
      ['reference-cycle', 'steps.0.with.value', 'steps need each other: a → a'],
    ],
    [
      'the part around it',
      [{ id: 'm', map: [], steps: [value('a', ref('steps.m'))] }],
      ['reference-later', 'steps.0.steps.0.with.value', 'step "m" has not finished when this one begins'],
    ],
    [
      'a step within a part before it',
      [{ id: 'm', map: [], steps: [value('a', 1)] }, value('b', ref('steps.a'))],
      ['reference-unknown', 'steps.1.with.value', 'step "a" is within a part that this one cannot see into'],
    ],
    [
      'a step of another branch',
      [{ id: 'p', parallel: { x: [value('a', 1)], y: [value('b', ref('steps.a'))] } }],
      [
        'reference-unknown',
        'steps.0.parallel.y.0.with.value',
        'step "a" is within a part that this one cannot see into',
      ],
    ],
    [
      'a step whose stream it reads',
      [value('a', 1), value('b', ref('steps.a'), { input: 'stream' })],
      ['reference-later', 'steps.1.with.value', 'step "a" has not finished when this one begins'],
    ],
    [
      'one whose stream is still read',
      [value('a', 1), value('b', 1, { streaming: true }), value('c', ref('steps.a'), { streaming: true })],
      ['reference-later', 'steps.2.with.value', 'step "a" has not finished when this one begins'],
    ],
    [
      'an item where there is none',
      [value('a', ref('item'))],
      ['reference-unknown', 'steps.0.with.value', 'there is no item outside of map'],
    ],
    [
      'a later step in a condition',
      [{ id: 'i', if: { exists: ref('steps.b') }, then: [] }, value('b', 1)],
      ['reference-later', 'steps.0.if.exists', 'step "b" has not finished when this one begins'],
    ],
    [
      'a later step in a list',
      [{ id: 'm', map: [ref('steps.b')], steps: [] }, value('b', 1)],
      ['reference-later', 'steps.0.map.0', 'step "b" has not finished when this one begins'],
    ],
    [
      'a later step in a compensation',
      [value('a', 1, { compensate: { type: 'value', with: { value: ref('steps.b') } } }), value('b', 1)],
      ['reference-later', 'steps.0.compensate.with.value', 'step "b" has not finished when this one begins'],
    ],
  ])('refuses %s', (_, steps, expected) => {
    expect(problem(...steps)).toEqual(expected);
  });

  it('lets a compensation see what it undoes', () => {
    expect(problem(value('a', 1, { compensate: { type: 'value', with: { value: ref('steps.a') } } }))).toBeUndefined();
  });
});
