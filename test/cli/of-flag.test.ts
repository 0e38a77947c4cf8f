import { describe, expect, it } from 'vitest';
import { ofFlag } from '../../src/cli/of-flag.js';
import { StreamError } from '../../src/chunk/index.js';

describe('ofFlag', () => {
  it('answers what was done', async () => {
    expect(await ofFlag('--log', async () => 5)).toBe(5);
  });

  it('says of trouble which flag it came from, and all else as it was', async () => {
    const cause = new Error('no disk');
    const error = new StreamError('log-unavailable', 'the folder cannot be made', { streamId: 's', cause });
    const told: unknown = await ofFlag('--log', () => Promise.reject(error)).catch((thrown: unknown) => thrown);
    expect(told).toBeInstanceOf(StreamError);
    expect(told).toMatchObject({
      code: 'log-unavailable',
      message: '--log: the folder cannot be made',
      details: { streamId: 's' },
      cause,
    });
  });

  it.each([
    ['names a setting itself', new StreamError('config-invalid', 'tls.key cannot be read', { field: 'tls.key' })],
    ['is the words of the flag', new RangeError('log must be one of memory')],
  ])('leaves trouble as it is that %s', async (_, error) => {
    await expect(ofFlag('--log', () => Promise.reject(error))).rejects.toBe(error);
  });
});
