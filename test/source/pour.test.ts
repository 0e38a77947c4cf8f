import { NEVER, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createFlow } from '../../src/flow/index.js';
import { pour } from '../../src/source/pour.js';
import { streamError } from '../operators/alphabet.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A vessel that keeps a diary. */
function vessel({ close = async () => {} }: { close?: () => Promise<void> } = {}) {
  const diary: unknown[] = [];
  const open = () => ({
    write: async (item: number) => void diary.push(item),
    close: async () => {
      diary.push('close');
      await close();
    },
    abort: (reason: unknown) => void diary.push(['abort', reason]),
  });
  const options = { flow: createFlow() };
  const observer = {
    error: (error: unknown) => void diary.push(['failed', error]),
    complete: () => void diary.push('completed'),
  };
  return { diary, operator: pour(open, options), observer };
}

describe('pour', () => {
  it('writes, closes, then completes', async () => {
    const { diary, operator, observer } = vessel();
    operator(of(1, 2)).subscribe(observer);
    await settled();
    expect(diary).toEqual([1, 2, 'close', 'completed']);
  });

  it('aborts with what the source failed with', () => {
    const { diary, operator, observer } = vessel();
    operator(throwError(() => 'producer died')).subscribe(observer);
    expect(diary).toEqual([
      ['abort', 'producer died'],
      ['failed', 'producer died'],
    ]);
  });

  it('aborts when nobody wants it any more, while it closes too', async () => {
    for (const source of [NEVER, of(1)]) {
      const { diary, operator, observer } = vessel({ close: () => new Promise(() => {}) });
      const subscription = operator(source).subscribe(observer);
      await settled();
      subscription.unsubscribe();
      expect(diary.at(-1)).toEqual(['abort', streamError('stream-cancelled', 'nobody wants')]);
    }
  });

  it('fails when closing fails', async () => {
    const { diary, operator, observer } = vessel({ close: () => Promise.reject(new Error('disk full')) });
    operator(of<number>()).subscribe(observer);
    await settled();
    expect(diary.at(-1)).toEqual(['failed', new Error('disk full')]);
  });
});
