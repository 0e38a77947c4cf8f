import { describe, expect, it } from 'vitest';
import { Outbox } from '../../src/durable/outbox.js';

function stage() {
  const left: number[] = [];
  const outbox = new Outbox<number>((answer) => left.push(answer));
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { left, outbox, turn };
}

describe('Outbox', () => {
  it('sends what became ready in one turn at its end, in order', async () => {
    const { left, outbox, turn } = stage();
    outbox.add(1);
    await undefined;
    outbox.add(2);
    expect(left).toEqual([]);
    await turn();
    expect(left).toEqual([1, 2]);
    outbox.add(3);
    await turn();
    expect(left).toEqual([1, 2, 3]);
  });

  it('holds no more than 256 answers back', async () => {
    const { left, outbox, turn } = stage();
    for (let n = 0; n < 300; n++) outbox.add(n);
    expect(left).toHaveLength(256);
    await turn();
    expect(left).toHaveLength(300);
  });
});
