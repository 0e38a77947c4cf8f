import { describe, expect, it } from 'vitest';
import { checkHeaderValue, type HttpOptions, httpRules } from '../../../src/transport/http/rules.js';

const url = 'https://example.com/v1/stream/s?key=secret';

describe('httpRules', () => {
  it('fills in the defaults', async () => {
    const rules = httpRules({ url: new URL(url) });
    expect(rules).toMatchObject({ idleMs: 90_000, probe: undefined });
    expect(rules.addresses.current()).toBe(url);
    expect(await rules.headers()).toEqual({});
    expect(await rules.params()).toEqual({});
  });

  it('asks functions again each time, and waits for their answer', async () => {
    let count = 0;
    const rules = httpRules({ url, headers: async () => ({ n: `${++count}` }), params: () => ({ p: `${count}` }) });
    expect([await rules.headers(), await rules.headers(), await rules.params()]).toEqual([
      { n: '1' },
      { n: '2' },
      { p: '2' },
    ]);
  });

  it.each<[object, string]>([
    [{ url: undefined }, 'url must be an http: or https: address, got undefined'],
    [{ url: [] }, 'url must hold one address at least, got an empty list'],
    [{ url: [url, 5] }, 'url must be an http: or https: address, got a number'],
    [{ url: '' }, 'url must be an http: or https: address, got an empty string'],
    [{ url: 'ftp://example.com' }, 'url must be an http: or https: address, got a string'],
    [{ url: '/s' }, 'url must be an http: or https: address, got a string'],
    [{ url: 'http://me:secret@example.com' }, 'url must not hold a name or password'],
    [{ url: 'http://me@example.com' }, 'url must not hold a name or password'],
    [{ fetch: 5 }, 'fetch must be a function, got a number'],
    [{ headers: 'a' }, 'headers must be an object of strings, got a string'],
    [{ headers: null }, 'headers must be an object of strings, got null'],
    [{ headers: { a: 5 } }, 'headers.a must be a string, got a number'],
    [{ headers: { 'a b': '1' } }, 'headers must not have a key that is no name of a header'],
    [
      { headers: { a: '1\r\nb: 2' } },
      'headers.a must not hold CR, LF or other controls, nor characters beyond Latin-1',
    ],
    [{ headers: { a: '\u0000' } }, 'headers.a must not hold CR, LF or other controls, nor characters beyond Latin-1'],
    [{ headers: { a: '\u007f' } }, 'headers.a must not hold CR, LF or other controls, nor characters beyond Latin-1'],
    [{ headers: { a: '日' } }, 'headers.a must not hold CR, LF or other controls, nor characters beyond Latin-1'],
    [{ params: { a: 5 } }, 'params.a must be a string, got a number'],
    [{ params: { live: 'sse' } }, "params must not have a key that is the protocol's own"],
    [{ params: 5 }, 'params must be an object of strings, got a number'],
    [{ retry: { maxRetries: -1 } }, 'retry.maxRetries must be a whole number of at least 0 or Infinity, got -1'],
    [{ idleMs: 0 }, 'idleMs must be a whole number of at least 1 and at most 2147483647 or Infinity, got 0'],
  ])('refuses %o', (wrong, message) => {
    expect(() => httpRules({ url, ...wrong } as HttpOptions)).toThrow(message);
  });

  it('calls what a function of yours throws or answers wrongly by its name', async () => {
    const rules = httpRules({
      url,
      headers: () => ({ a: '1\n2' }),
      params: () => {
        throw new Error('no key');
      },
    });
    await expect(rules.headers()).rejects.toMatchObject({
      code: 'callback-failed',
      message:
        'headers: a callback threw: headers.a must not hold CR, LF or other controls, nor characters beyond Latin-1',
    });
    await expect(rules.params()).rejects.toMatchObject({ code: 'callback-failed', message: /no key/ });
  });
});

describe('checkHeaderValue', () => {
  it('takes what fetch takes', () => {
    expect(checkHeaderValue('a', 'Bearer\tü~')).toBe('Bearer\tü~');
  });
});
