import { runPipeline } from 'sluice/run';
import { createStepTypes } from 'sluice/run/json';
import { pipelineFromYaml } from 'sluice/run/yaml';
import { describe, expect, it } from 'vitest';

const types = createStepTypes();
const read = (text: string) => pipelineFromYaml(text, { types });

describe('yaml', () => {
  it('reads a pipeline', async () => {
    const greeting = read(`
      name: greeting
      steps:
        - id: greet
          type: value
          with:
            value: { $join: [hello, " ", { $from: input.name }] }
    `);
    expect(await runPipeline(greeting, { name: 'ann' })).toBe('hello ann');
  });

  it.each([
    ['name: [', 'text-malformed', /^pipeline: .*line 1/],
    ['just a text', 'field-invalid', /^name: .*expected string/],
    ['', 'field-invalid', /^name: /],
    ['name: it\nsteps: [{ id: a, type: fly }]', 'step-type-unknown', /^steps\.0\.type: there is no "fly"/],
    [
      `a: &a [x, x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
d: [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]`,
      'text-malformed',
      /alias/i,
    ],
  ])('refuses %j, saying where', (text, problem, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'pipeline-invalid', problem }) as Error);
    expect(() => read(text)).toThrow(message);
  });
});
