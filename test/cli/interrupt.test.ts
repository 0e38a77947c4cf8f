import { describe, expect, it, vi } from 'vitest';
import { onInterrupt } from '../../src/cli/interrupt.js';

const listeners = () => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');

describe('onInterrupt', () => {
  it('calls back once, so that a second signal ends the process', () => {
    const before = listeners();
    const interrupted = vi.fn();
    onInterrupt(interrupted);
    process.emit('SIGTERM', 'SIGTERM');
    expect(interrupted).toHaveBeenCalledExactlyOnceWith('SIGTERM');
    expect(listeners()).toBe(before);
  });

  it('can be called off', () => {
    const before = listeners();
    onInterrupt(() => {})();
    expect(listeners()).toBe(before);
  });
});
