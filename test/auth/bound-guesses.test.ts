import { describe, expect, it } from 'vitest';
import type { Asking, Authenticate } from 'sluice/auth/auth';
import { boundGuesses, type BoundGuessesOptions } from 'sluice/auth/bound-guesses';
import { StreamError } from 'sluice/chunk';
import type { Quotas } from 'sluice/auth/quotas';

const ann = { id: 'ann' };

/** Knows who says so; tells who was looked at. */
function stage(options: BoundGuessesOptions = {}, later = false) {
  const looked: string[] = [];
  let time = 1000;
  const know = (name: string | undefined) => {
    looked.push(name ?? '');
    if (name === undefined) return undefined;
    if (name === 'late') throw new StreamError('expired', 'over');
    if (!name.startsWith('ann')) throw new StreamError('unauthenticated', 'not accepted');
    return name === 'ann' ? ann : { id: name };
  };
  const authenticate: Authenticate = later
    ? async ({ header }) => await Promise.resolve().then(() => know(header('authorization')))
    : ({ header, target }) => know(header('authorization') ?? header('cookie') ?? target.split('access=')[1]);
  const bounded = boundGuesses(authenticate, { amount: 3, perMs: 100, now: () => time, ...options });
  const ask = async (name?: string, address: string | undefined = '192.0.2.1', more: Partial<Asking> = {}) => {
    const header = (wanted: string) => (wanted === 'authorization' ? name : undefined);
    try {
      return (await bounded({ method: 'GET', target: '/', address, header, ...more }))?.id ?? 'nobody';
    } catch (error) {
      const { code, details } = error as StreamError;
      return details.retryAfterMs === undefined ? code : `${code} ${details.retryAfterMs}`;
    }
  };
  return { ask, looked, pass: (ms: number) => (time += ms) };
}

describe.each([
  ['answers at once', false],
  ['answers later', true],
])('boundGuesses around what %s', (_, later) => {
  it('looks at no more of what comes from where too much was not accepted, until the while is over', async () => {
    const { ask, looked, pass } = stage({}, later);
    for (let n = 0; n < 3; n++) expect(await ask(`guess ${n}`)).toBe('unauthenticated');
    pass(40);
    expect([await ask('guess 3'), await ask('ann')]).toEqual(['rate-limited 60', 'rate-limited 60']);
    expect(looked).toEqual(['guess 0', 'guess 1', 'guess 2']);
    expect(await ask('ann', '192.0.2.2')).toBe('ann');
    pass(60);
    expect([await ask('guess 4'), await ask('ann')]).toEqual(['unauthenticated', 'ann']);
  });

  it('keeps nobody waiting who was accepted before, or shows nothing', async () => {
    const { ask } = stage({}, later);
    expect([await ask('ann'), await ask('ann'), await ask('ann too')]).toEqual(['ann', 'ann', 'ann too']);
    for (let n = 0; n < 3; n++) await ask('guess');
    expect([await ask('ann'), await ask('ann too'), await ask(), await ask('ann three')]).toEqual([
      'ann',
      'ann too',
      'nobody',
      'rate-limited 100',
    ]);
  });

  it('does not count what is over for a guess', async () => {
    const { ask } = stage({ amount: 1 }, later);
    expect([await ask('late'), await ask('late'), await ask('ann')]).toEqual(['expired', 'expired', 'ann']);
  });
});

describe('boundGuesses', () => {
  it('counts a network of IPv6 as one address, and one of IPv4 however it is written', async () => {
    const { ask } = stage({ amount: 2 });
    await ask('guess', '2001:db8::1');
    await ask('guess', '2001:db8::2');
    expect([await ask('guess', '2001:db8::3'), await ask('guess', '2001:db8:0:1::3')]).toEqual([
      'rate-limited 100',
      'unauthenticated',
    ]);
    await ask('guess', '192.0.2.1');
    await ask('guess', '::ffff:192.0.2.1');
    expect(await ask('guess', '192.0.2.1')).toBe('rate-limited 100');
  });

  it('counts no more addresses than it may, and knows no more credentials', async () => {
    const { ask } = stage({ amount: 1, maxAddresses: 2, maxAccepted: 1 });
    for (const address of ['1', '2', '3']) await ask('guess', address);
    expect([await ask('guess', '2'), await ask('guess', '3'), await ask('guess', '1')]).toEqual([
      'rate-limited 100',
      'rate-limited 100',
      'unauthenticated',
    ]);
    await ask('ann 1', '4');
    await ask('ann 2', '4');
    await ask('guess', '4');
    expect([await ask('ann 1', '4'), await ask('ann 2', '4')]).toEqual(['rate-limited 100', 'ann 2']);
  });

  it('knows credentials wherever they are shown, and not by what else is in an address', async () => {
    const { ask } = stage({ amount: 1 });
    const header = (wanted: string) => (wanted === 'cookie' ? 'ann by cookie' : undefined);
    expect([await ask(undefined, '1', { header }), await ask(undefined, '1', { target: '/s?access=ann' })]).toEqual([
      'ann by cookie',
      'ann',
    ]);
    await ask('guess', '1');
    expect(await ask(undefined, '1', { header })).toBe('ann by cookie');
    expect(await ask(undefined, '1', { target: '/s?access=ann' })).toBe('ann');
    expect(await ask(undefined, '1', { target: '/s?access=other' })).toBe('rate-limited 100');
    expect(await ask(undefined, '1', { target: '/s?from=now' })).toBe('nobody');
    // The same on another stream is the same.
    expect(await ask(undefined, '1', { target: '/another?access=ann' })).toBe('ann');
  });

  it.each(['authorization', 'x-api-key', 'cookie'])(
    'tells what is shown in %s from what was accepted there',
    (where) => {
      const bounded = boundGuesses(
        ({ header }) => {
          if (header(where) === 'ann') return ann;
          throw new StreamError('unauthenticated', 'not accepted');
        },
        { amount: 1 },
      );
      const show = (name: string) => (): unknown =>
        bounded({ method: 'GET', target: '/', header: (wanted) => (wanted === where ? name : undefined) });
      expect(show('ann')()).toBe(ann);
      expect(show('guess')).toThrow('not accepted');
      expect(show('another')).toThrow('too many credentials');
      expect(show('ann')()).toBe(ann);
    },
  );

  it('forgets nobody for who comes again', async () => {
    const { ask } = stage({ amount: 1, maxAccepted: 2 });
    for (const name of ['ann', 'ann 2', 'ann 2', 'guess']) await ask(name);
    expect([await ask('ann'), await ask('ann 2'), await ask('ann 3')]).toEqual(['ann', 'ann 2', 'rate-limited 100']);
  });

  it('forgets that it accepted what is accepted no longer', async () => {
    let accepts = true;
    const bounded = boundGuesses(
      () => {
        if (accepts) return ann;
        throw new StreamError('unauthenticated', 'withdrawn');
      },
      { amount: 1 },
    );
    const asking: Asking = { method: 'GET', target: '/', header: () => 'ann' };
    expect(bounded(asking)).toBe(ann);
    accepts = false;
    expect(() => bounded(asking)).toThrow('withdrawn');
    expect(() => bounded(asking)).toThrow('too many credentials');
  });

  it('hears from others that all together have had enough, for as long as they say, and counts alone where nobody answers', async () => {
    const spent: string[] = [];
    let answer: () => Promise<number | undefined> = () => Promise.resolve(undefined);
    const quotas: Pick<Quotas, 'spend'> = {
      spend: async (key, what, amount) => {
        spent.push(`${key} ${what} ${amount}`);
        return await answer();
      },
    };
    const { ask, pass } = stage({ amount: 3, quotas });
    expect([await ask('guess', '2001:db8::1'), await ask('ann too', '2001:db8::1')]).toEqual([
      'unauthenticated',
      'ann too',
    ]);
    expect(spent).toEqual(['address 2001:db8:0:0::/64 guesses 1']);
    answer = () => Promise.resolve(500);
    expect(await ask('guess')).toBe('unauthenticated');
    let n = 0;
    await expect.poll(async () => await ask(`ann ${n++}`)).toBe('rate-limited 500');
    pass(500);
    answer = () => Promise.reject(new Error('out of reach'));
    for (let i = 0; i < 3; i++) expect(await ask('guess')).toBe('unauthenticated');
    expect(await ask('guess')).toBe('rate-limited 100');
  });

  it('does not take for accepted what nobody has accepted', () => {
    const bounded = boundGuesses(
      ({ header }) => {
        if (header('authorization') === 'guess') throw new StreamError('unauthenticated', 'not accepted');
        return undefined;
      },
      { amount: 1 },
    );
    const asking = (name: string): Asking => ({ method: 'GET', target: '/', header: () => name });
    expect(bounded(asking('somebody'))).toBeUndefined();
    expect(() => bounded(asking('guess'))).toThrow('not accepted');
    expect(() => bounded(asking('somebody'))).toThrow('too many credentials');
  });

  it.each(['amount', 'perMs', 'maxAddresses', 'maxAccepted'])(
    'refuses %s where it is no number of something',
    (name) => {
      expect(() => boundGuesses(() => ann, { [name]: 0 })).toThrow(new RegExp(`^${name} must be`));
    },
  );
});
