import { describe, expect, it } from 'vitest';
import { untilSignal } from '../../src/cli/signal.js';

describe('untilSignal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('waits for %s', async (signal) => {
    const waiting = untilSignal();
    process.emit(signal, signal);
    expect(await waiting).toBe(signal);
  });

  it('leaves no listener behind, so that a second signal ends the process', async () => {
    const before = process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');
    const waiting = untilSignal();
    process.emit('SIGINT', 'SIGINT');
    await waiting;
    expect(process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')).toBe(before);
  });
});
