import { describe, expect, it } from 'vitest';
import { fitReason, maxReasonBytes } from '../../../src/transport/websocket/reason.js';

describe('fitReason', () => {
  it('leaves a reason that fits', () => {
    expect(fitReason('')).toBe('');
    expect(fitReason('going away')).toBe('going away');
    expect(fitReason('x'.repeat(maxReasonBytes))).toBe('x'.repeat(maxReasonBytes));
  });

  it('shortens a longer one', () => {
    expect(fitReason('x'.repeat(maxReasonBytes + 1))).toBe('x'.repeat(maxReasonBytes));
  });

  it('cuts no character in two', () => {
    // 123 = 30 × 4 + 3 = 61 × 2 + 1
    expect(fitReason('🐋'.repeat(40))).toBe('🐋'.repeat(30));
    expect(fitReason('ü'.repeat(100))).toBe('ü'.repeat(61));
    expect(fitReason(`x${'€'.repeat(100)}`)).toBe(`x${'€'.repeat(40)}`);
  });
});
