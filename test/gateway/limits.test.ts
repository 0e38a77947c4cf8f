import { describe, expect, it } from 'vitest';
import { sessionLimits } from '../../src/gateway/limits.js';

describe('sessionLimits', () => {
  it('fills in what is left out', () => {
    expect(sessionLimits()).toEqual({
      maxFrame: 65_536,
      pingMs: 30_000,
      window: { chunks: 1024, bytes: 1 << 20 },
      maxPendingChunks: 65_536,
      maxPendingBytes: 1 << 26,
      maxSubscriptions: 10_000,
      maxBadFrames: 100,
    });
  });

  it('keeps what is given', () => {
    const given = {
      maxFrame: 1024,
      pingMs: 1,
      window: { chunks: 2, bytes: 3 },
      maxPendingChunks: 4,
      maxPendingBytes: 5,
      maxSubscriptions: 6,
      maxBadFrames: 7,
    };
    expect(sessionLimits(given)).toEqual(given);
  });

  it.each([
    [{ maxFrame: 1023 }, 'maxFrame'],
    [{ pingMs: 0 }, 'pingMs'],
    [{ window: { chunks: 0, bytes: 1 } }, 'window.chunks'],
    [{ window: { chunks: 1, bytes: 0 } }, 'window.bytes'],
    [{ maxPendingChunks: 0 }, 'maxPendingChunks'],
    [{ maxPendingBytes: 0 }, 'maxPendingBytes'],
    [{ maxSubscriptions: 0.5 }, 'maxSubscriptions'],
    [{ maxBadFrames: -1 }, 'maxBadFrames'],
  ])('refuses %j by name', (options, name) => {
    expect(() => sessionLimits(options)).toThrow(RangeError);
    expect(() => sessionLimits(options)).toThrow(`${name} must be`);
  });
});
