import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createUnderway } from '../../src/node/underway.js';

function responses(count: number): ServerResponse[] {
  return Array.from({ length: count }, () => new EventEmitter() as ServerResponse);
}

describe('createUnderway', () => {
  it.each([
    ['the first', 0],
    ['one between', 1],
    ['the last', 2],
  ])('forgets %s that is closed, and keeps the others', (_which, closed) => {
    const underway = createUnderway();
    const all = responses(3);
    for (const response of all) underway.add(response);
    all[closed]!.emit('close');
    expect(new Set(underway.all)).toEqual(new Set(all.toSpliced(closed, 1)));
  });

  it('holds nothing once all are closed, in whatever order', () => {
    const underway = createUnderway();
    const [a, b, c, d] = responses(4);
    underway.add(a!);
    underway.add(b!);
    a!.emit('close');
    underway.add(c!);
    underway.add(d!);
    for (const response of [c, b, d]) response!.emit('close');
    expect(underway.all).toEqual([]);
  });
});
