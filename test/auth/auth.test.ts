import { describe, expect, it } from 'vitest';
import { actions, ownerKey } from 'sluice/auth/auth';

describe('actions', () => {
  it('are words of their own', () => {
    expect(new Set(actions).size).toBe(actions.length);
    expect(actions.every((action) => /^[a-z]+$/.test(action))).toBe(true);
    expect(ownerKey).toBe('sluice.owner');
  });
});
