import { describe, expect, it } from 'vitest';
import { actions, askingWith, ownerKey } from 'sluice/auth/auth';
import { bearerOf } from '../../src/auth/credentials.js';

describe('actions', () => {
  it('are words of their own', () => {
    expect(new Set(actions).size).toBe(actions.length);
    expect(actions.every((action) => /^[a-z]+$/.test(action))).toBe(true);
    expect(ownerKey).toBe('sluice.owner');
  });
});

describe('askingWith', () => {
  it('shows a token as a request would', () => {
    const shown = askingWith('abc', '::1');
    expect(bearerOf(shown)).toBe('abc');
    expect(shown.header('x-api-key')).toBeUndefined();
    expect(shown).toMatchObject({ method: 'GET', target: '/', address: '::1' });
  });
});
