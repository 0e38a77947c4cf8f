import { describe, expect, it } from 'vitest';
import { checkKind } from '../../src/chunk/check-kind.js';

describe('checkKind', () => {
  it('lets through what it should be', () => {
    expect(() => {
      checkKind('name', '');
      checkKind('closed', false, 'boolean');
      checkKind('random', Math.random, 'function');
    }).not.toThrow();
  });

  it('names the option, what it must be and what it is', () => {
    expect(() => checkKind('name', 5)).toThrow(new TypeError('name must be a string, got a number'));
    expect(() => checkKind('closed', '', 'boolean')).toThrow('closed must be a boolean, got an empty string');
    expect(() => checkKind('random', null, 'function')).toThrow('random must be a function, got null');
  });
});
