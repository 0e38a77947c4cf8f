import { describe, expect, it } from 'vitest';
import { checkStepId, stepNode } from '../../src/run/step.js';

const run = (): void => {};

describe('step', () => {
  it.each([
    [{}, {}],
    [{ streaming: true }, { input: 'stream', output: 'stream' }],
    [{ streaming: false }, { input: 'value', output: 'value' }],
    [
      { streaming: true, output: 'value' },
      { input: 'stream', output: 'value' },
    ],
    [{ input: 'stream' }, { input: 'stream' }],
  ] as const)('with %j is %j', (options, expected) => {
    const { input, output } = stepNode('a', run, options).options;
    expect({ input, output }).toEqual({ input: undefined, output: undefined, ...expected });
  });

  it.each<[object, string]>([
    [{ input: 'file' }, 'input of step "a" must be "value" or "stream", got a string'],
    [{ output: 7 }, 'output of step "a" must be "value" or "stream", got a number'],
    [{ retry: {} }, 'retry.attempts must be a number, got undefined'],
    [{ retry: { attempts: 2, delayMs: -1 } }, 'retry.delayMs must be a whole number of at least 0'],
    [{ retry: { attempts: 2, maxDelayMs: -1 } }, 'retry.maxDelayMs must be a whole number of at least 0'],
    [{ timeoutMs: 0 }, 'timeoutMs must be a whole number of at least 1'],
    [{ timeoutMs: 2 ** 31 }, 'timeoutMs must be a whole number'],
    [{ maxOutputBytes: 0 }, 'maxOutputBytes must be a whole number of at least 1'],
  ])('refuses %j', (options, message) => {
    expect(() => stepNode('a', run, options)).toThrow(message);
  });

  it('takes a bound that is none, and has a function', () => {
    expect(stepNode('a', run, { maxOutputBytes: Infinity }).options.maxOutputBytes).toBe(Infinity);
    expect(() => stepNode('a', 'run' as never)).toThrow('step "a" must be a function');
  });

  it.each(['a', 'A-1.b_c', 'x'.repeat(64)])('may be called %j', (id) => {
    expect(checkStepId(id)).toBe(id);
  });

  it.each(['', 'a/b', 'a b', 'é', 'x'.repeat(65), 7, undefined])('may not be called %j', (id) => {
    expect(() => checkStepId(id)).toThrow('a step id must be 1 to 64 letters, digits, "_", "-" or "."');
  });
});
