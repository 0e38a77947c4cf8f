import { describe, expect, it } from 'vitest';
import { isLasting, isReserved, isSecret, reservedName } from '../../src/gateway/reserved.js';
import { leases } from '../../src/streams/lease.js';
import { snapshots } from '../../src/streams/snapshot-store.js';

describe('reserved names', () => {
  it.each([
    ['sluice/server/forks', { secret: true, reserved: true, lasting: true }],
    [`${snapshots}/s`, { secret: false, reserved: true, lasting: true }],
    [leases, { secret: false, reserved: false, lasting: true }],
    ['s', { secret: false, reserved: false, lasting: false }],
  ])('%s is for the server itself: %j', (streamId, { secret, reserved, lasting }) => {
    expect([isSecret(streamId), isReserved(streamId), isLasting(streamId)]).toEqual([secret, reserved, lasting]);
  });

  it('are refused by name', () => {
    expect(reservedName('sluice/server/forks')).toMatchObject({
      code: 'name-invalid',
      message: 'the stream "sluice/server/forks" is for the server itself',
      details: { streamId: 'sluice/server/forks' },
    });
  });
});
