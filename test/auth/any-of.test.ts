import { describe, expect, it } from 'vitest';
import { anyOf } from 'sluice/auth/any-of';
import type { Authenticate } from 'sluice/auth/auth';
import { asking } from './asking.js';

const knows =
  (name: string): Authenticate =>
  ({ header }) =>
    header('x') === name ? { id: name } : undefined;
const later =
  (name: string): Authenticate =>
  async (one) =>
    await knows(name)(one);
const refuses: Authenticate = () => {
  throw new Error('not accepted');
};

describe('anyOf', () => {
  it('asks one after the other, until one knows', async () => {
    const authenticate = anyOf(knows('a'), later('b'), knows('c'), later('d'));
    for (const x of ['a', 'b', 'c', 'd']) expect(await authenticate(asking({ x }))).toEqual({ id: x });
    expect(await authenticate(asking({ x: 'e' }))).toBeUndefined();
  });

  it('answers at once where it can', () => {
    expect(anyOf(knows('a'))(asking({ x: 'a' }))).toEqual({ id: 'a' });
    expect(anyOf()(asking())).toBeUndefined();
  });

  it('asks nobody else about credentials that one does not accept', () => {
    expect(() => anyOf(refuses, knows('a'))(asking({ x: 'a' }))).toThrow('not accepted');
  });
});
