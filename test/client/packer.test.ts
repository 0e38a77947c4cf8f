import { describe, expect, it } from 'vitest';
import { Packer } from '../../src/client/packer.js';
import { requestBytes } from '../../src/protocol/index.js';

const frame = { t: 'unsubscribe', ch: 1 } as const;
const size = requestBytes(frame);

/** A packer for messages of so many bytes, and how many frames it sent in each. */
function stage(maxFrame: number, answers: readonly boolean[] = []) {
  const sent: number[] = [];
  const packer = new Packer(maxFrame, (frames) => {
    sent.push(frames.length);
    return answers[sent.length - 1] ?? true;
  });
  return { packer, sent };
}

describe('Packer', () => {
  it('sends nothing of nothing', () => {
    const { packer, sent } = stage(100);
    expect(packer.finish()).toBe(true);
    expect(sent).toEqual([]);
  });

  it('fills messages to the byte', () => {
    const { packer, sent } = stage(2 * size);
    for (let i = 0; i < 5; i++) packer.add(frame, size);
    expect(sent).toEqual([2, 2]);
    packer.finish();
    expect(sent).toEqual([2, 2, 1]);
    packer.finish();
    expect(sent).toEqual([2, 2, 1]);
  });

  it('sends a frame alone that is larger than a message: the other side says what is wrong with it', () => {
    const { packer, sent } = stage(size - 1);
    packer.add(frame, size);
    packer.add(frame, size);
    packer.finish();
    expect(sent).toEqual([1, 1]);
  });

  it('answers whether the link took the last message gladly', () => {
    const { packer } = stage(size, [false, true, false]);
    for (let i = 0; i < 3; i++) packer.add(frame, size);
    expect(packer.finish()).toBe(false);
    expect(packer.finish()).toBe(false);
  });
});
