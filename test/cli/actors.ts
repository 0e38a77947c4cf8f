// Actors for tests of the command line.
import { actor } from 'sluice/run';

export const spell = actor('spell', {
  async *stream(word: string) {
    for (const [at, letter] of [...word].entries()) {
      yield { type: 'progress', current: at + 1, total: word.length, message: 'spelling' };
      yield { type: 'data', value: letter };
    }
  },
});

export default [
  actor('add', { execute: ([a, b]: [number, number]) => a + b }),
  actor('break', {
    execute: (): string => {
      throw new Error('it broke');
    },
  }),
  actor('sit', {
    execute: async (_: unknown, { signal, progress }) => {
      progress(0, 1, 'sitting');
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    },
  }),
];
