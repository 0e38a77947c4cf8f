import { describe, expect, it } from 'vitest';
import { checkHost } from '../../src/node/check-host.js';

describe('checkHost', () => {
  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('takes %s, which nobody else reaches', (host) => {
    expect(checkHost({ host })).toBe(host);
  });

  it('takes loopback where nothing is said', () => {
    expect(checkHost({})).toBe('127.0.0.1');
  });

  it.each(['0.0.0.0', '192.168.1.1', '::', 'example.com', '127.0.0.1.example.com'])(
    'refuses %s unless told so',
    (host) => {
      expect(() => checkHost({ host })).toThrow(RangeError);
      expect(() => checkHost({ host })).toThrow(`host "${host}" is reachable from elsewhere`);
      expect(checkHost({ host, allowPublic: true })).toBe(host);
    },
  );

  it.each([
    ['', 'an empty string'],
    [4 as never, 'a number'],
  ])('refuses %j, which is no host', (host, kind) => {
    expect(() => checkHost({ host })).toThrow(new TypeError(`host must be a name or an address, got ${kind}`));
  });
});
