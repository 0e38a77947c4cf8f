import { connect } from 'node:net';
import { once } from 'node:events';
import { StreamError } from 'sluice/chunk';
import { isNetworkTrouble } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { freePort } from '../servers/server.js';

const coded = (code: string): Error => Object.assign(new Error('x'), { code });

describe('isNetworkTrouble', () => {
  it.each([
    [coded('ECONNRESET'), true],
    [coded('UND_ERR_SOCKET'), true],
    [coded('ENOENT'), false],
    [new TypeError('fetch failed'), true],
    [new TypeError('Failed to fetch'), true],
    [new TypeError('x is not a function'), false],
    [new Error('fetch failed'), false],
    [Object.assign(new Error('x'), { status: 503 }), true],
    [Object.assign(new Error('x'), { status: 404 }), false],
    [new StreamError('log-unavailable', 'x'), true],
    [new StreamError('chunk-invalid', 'x'), false],
    [new Error('outer', { cause: new Error('inner', { cause: coded('ETIMEDOUT') }) }), true],
    ['ECONNRESET', false],
    [undefined, false],
  ])('of %o is %s', (error, expected) => {
    expect(isNetworkTrouble(error)).toBe(expected);
  });

  it('knows what really happens where nobody listens', async () => {
    const port = await freePort();
    const error: unknown = await fetch(`http://127.0.0.1:${port}`).catch((cause: unknown) => cause);
    expect(isNetworkTrouble(error)).toBe(true);
    const [refused] = (await once(connect(port, '127.0.0.1'), 'error')) as [Error];
    expect(isNetworkTrouble(refused)).toBe(true);
  });

  it('comes to an end with an error that is its own cause', () => {
    const error = new Error('x');
    error.cause = error;
    expect(isNetworkTrouble(error)).toBe(false);
  });
});
