import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../src/durable/outbox.js';

function stage() {
  const ended: unknown[] = [];
  const outbox = new Outbox();
  const add = (body?: Uint8Array): void => {
    const response = { end: (content: unknown) => ended.push(content) };
    outbox.add(response as unknown as ServerResponse, body);
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { ended, add, turn };
}

describe('Outbox', () => {
  it('ends what became ready in one turn at its end, in order', async () => {
    const { ended, add, turn } = stage();
    const body = Uint8Array.of(1);
    add(body);
    await undefined;
    add();
    expect(ended).toEqual([]);
    await turn();
    expect(ended).toEqual([body, undefined]);
    add(body);
    await turn();
    expect(ended).toEqual([body, undefined, body]);
  });

  it('holds no more than 256 answers back', async () => {
    const { ended, add, turn } = stage();
    for (let n = 0; n < 300; n++) add();
    expect(ended).toHaveLength(256);
    await turn();
    expect(ended).toHaveLength(300);
  });
});
