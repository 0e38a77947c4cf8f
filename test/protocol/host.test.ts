import { describe, expect, it } from 'vitest';
import { isHost } from '../../src/protocol/host.js';

describe('isHost', () => {
  it.each([
    'a',
    'a:',
    'a:80',
    'a:65535',
    'a_b.example',
    '127.0.0.1:4437',
    '[::1]',
    '[::1]:80',
    '[2001:DB8::1.2.3.4]',
    '',
    'x%41',
  ])('takes "%s"', (host) => expect(isHost(host)).toBe(true));

  it.each([
    'a:99999',
    'a:65536',
    'a:123456',
    'a:x',
    'a:80:80',
    'a/b',
    'a@b',
    'a?b',
    'a#b',
    'a b',
    '[::1',
    '::1',
    '[x]',
    'ä',
    'a,b\\c',
  ])('does not take "%s"', (host) => expect(isHost(host)).toBe(false));
});
