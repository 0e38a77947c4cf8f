import { describe, expect, it } from 'vitest';
import { rateLimits } from 'sluice/auth/rate-limits';
import type { Quotas } from '../../src/auth/quotas.js';

describe('quotas', () => {
  it('are what limits of rates are', () => {
    const quotas: Quotas = rateLimits();
    expect(Object.keys(quotas).toSorted()).toEqual(['hold', 'release', 'spend']);
  });
});
