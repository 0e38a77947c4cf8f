import { describe, expect, it } from 'vitest';
import { reconnectDelay } from '../../../src/log/redis/client.js';

describe('reconnectDelay', () => {
  it('grows up to a second', () => {
    expect([0, 1, 2, 5, 6, 1000].map(reconnectDelay)).toEqual([25, 50, 100, 800, 1000, 1000]);
  });
});
