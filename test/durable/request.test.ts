import { describe, expect, it } from 'vitest';
import { checkName } from '../../src/chunk/index.js';
import { Refusal } from '../../src/durable/reply.js';
import { isOurs, isTrue, nameOfPath, readCount, readTarget, single } from '../../src/durable/request.js';

const path = '/v1/stream/';
const refusal = (work: () => unknown): number | string => {
  try {
    work();
    return 'taken';
  } catch (error) {
    return error instanceof Refusal ? error.status : (error as { code: string }).code;
  }
};

describe('readTarget', () => {
  it('takes path and query apart', () => {
    const { path: below, query } = readTarget('/v1/stream/a/b%20c?offset=-1&x=%26', path);
    expect(below).toBe('a/b c');
    expect([query.get('offset'), query.get('x')]).toEqual(['-1', '&']);
    expect(readTarget('/v1/stream/a', path).query.size).toBe(0);
  });

  it.each(['/v1/streams/a', '/', '/v1/stream', 'http://other/v1/stream/a'])('finds nothing at %s', (target) =>
    expect(refusal(() => readTarget(target, path))).toBe(404),
  );

  it.each(['%', '%zz', '%ff', 'a/%c3%28'])('refuses the path %s', (rest) =>
    expect(refusal(() => readTarget(path + rest, path))).toBe(400),
  );

  it.each(['', '..', '%2e%2e', 'a/%2e%2e/b', '.', 'a//b', 'a/', '%00', 'a%0d%0ab', '%5c', 'x'.repeat(513)])(
    'takes "%s" for no stream',
    (rest) => expect(refusal(() => checkName(readTarget(path + rest, path).path))).toBe('name-invalid'),
  );

  it.each([
    ['__ds', []],
    ['__ds/jwks.json', ['jwks.json']],
    ['__ds/subscriptions/a%2Fb', ['subscriptions', 'a/b']],
    ['__ds%2Fjwks.json', undefined],
    ['%5f%5fds/jwks.json', undefined],
    ['__dsx', undefined],
    ['a/__ds/b', undefined],
  ])('finds the place of the protocol in "%s" as it is written', (rest, control) =>
    expect(readTarget(path + rest, path).control).toEqual(control),
  );

  it('decodes once', () => {
    expect(readTarget(`${path}%252e%252e`, path).path).toBe('%2e%2e');
  });
});

describe('what requests say', () => {
  it('names a stream by its path, if it can be one of ours', () => {
    expect(nameOfPath('/v1/stream/a/b', path)).toBe('a/b');
    expect(nameOfPath('/v2/a', path)).toBeUndefined();
    expect(nameOfPath('/v1/stream/../a', path)).toBeUndefined();
  });

  it('is true only when it says so', () => {
    for (const value of ['true', 'TRUE', 'True']) expect(isTrue(value)).toBe(true);
    for (const value of [undefined, '', 'yes', '1', 'false', 'true, true']) expect(isTrue(value)).toBe(false);
  });

  it('holds whole numbers in plain digits', () => {
    expect([readCount('N', '0'), readCount('N', '9007199254740991')]).toEqual([0, 9007199254740991]);
    for (const value of ['', '-1', '+1', '01', '1.0', '1e3', ' 1', '0, 0', '9007199254740992', '9'.repeat(400)]) {
      expect(
        refusal(() => readCount('N', value)),
        value,
      ).toBe(400);
    }
  });

  it('says a parameter once', () => {
    expect(single(new URLSearchParams('a=1&b=2'), 'a')).toBe('1');
    expect(single(new URLSearchParams('a=1'), 'c')).toBeUndefined();
    expect(refusal(() => single(new URLSearchParams('a=1&a=1'), 'a'))).toBe(400);
  });

  it('may not be about streams that servers keep for themselves', () => {
    expect(['__ds', '__ds/x', 'sluice/x'].map(isOurs)).toEqual([true, true, true]);
    expect(['__dsx', 'sluices/x', 'a/__ds/x'].map(isOurs)).toEqual([false, false, false]);
  });
});
