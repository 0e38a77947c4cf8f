import { describe, expect, it } from 'vitest';
import { pathOf } from '../../src/node/door.js';

describe('pathOf', () => {
  it.each([
    ['/streams?from=1', '/streams'],
    ['/a/b', '/a/b'],
    ['/?a=/b', '/'],
    [undefined, '/'],
  ])('takes %s for %s', (url, path) => {
    expect(pathOf(url === undefined ? {} : { url })).toBe(path);
  });
});
