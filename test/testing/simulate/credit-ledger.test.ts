import { describe, expect, it } from 'vitest';
import type { EncodedChunk } from '../../../src/chunk/index.js';
import type { ClientFrame, OutgoingFrame } from '../../../src/protocol/index.js';
import { CreditLedger, type Wrong } from '../../../src/testing/simulate/credit-ledger.js';

function stage() {
  const wrongs: (Wrong & { client: number })[] = [];
  const ledger = new CreditLedger((client, wrong) => wrongs.push({ client, ...wrong }));
  return {
    hears: (...frames: ClientFrame[]) => ledger.hears(0, frames),
    says: (...frames: OutgoingFrame[]) => {
      ledger.says(7, 0, frames);
      return wrongs.splice(0).map(({ client, seq }) => [client, seq]);
    },
  };
}

const subscribe = (chunks: number, bytes: number): ClientFrame => ({
  t: 'subscribe',
  stream: 's',
  from: 0,
  chunks,
  bytes,
});
const subscribed: OutgoingFrame = { t: 'subscribed', stream: 's', ch: 1, seq: 0 };
const chunk: EncodedChunk = { head: '', bytes: undefined, size: 10, length: 40 };
const data = (seq: number, count: number): OutgoingFrame => ({
  t: 'data',
  ch: 1,
  seq,
  chunks: Array.from({ length: count }, () => chunk),
});

/** Granted two chunks of a hundred bytes. */
function open() {
  const it = stage();
  it.hears(subscribe(2, 100));
  it.says(subscribed);
  return it;
}

describe('CreditLedger', () => {
  it('is content with what was granted', () => {
    const { hears, says } = open();
    expect(says(data(0, 1), data(1, 1))).toEqual([]);
    hears({ t: 'credit', ch: 1, chunks: 3, bytes: 100 });
    expect(says(data(2, 1))).toEqual([]);
    hears({ t: 'ping', grants: [[1, 4, 100]] });
    expect(says(data(3, 1))).toEqual([]);
  });

  it('sees a chunk too many', () => {
    expect(open().says(data(0, 3))).toEqual([[7, 2]]);
  });

  it('sees bytes too many, and lets the last chunk go beyond', () => {
    const { hears, says } = open();
    hears({ t: 'credit', ch: 1, chunks: 9, bytes: 15 });
    hears({ t: 'credit', ch: 1, chunks: 9, bytes: 10 });
    expect(says(data(0, 9))).toEqual([]);
    hears({ t: 'credit', ch: 1, chunks: 99, bytes: 95 });
    expect(says(data(9, 1))).toEqual([]);
    expect(says(data(10, 1))).toEqual([[7, 10]]);
  });

  it('asks no credit for repairs, nor for chunks that are gone', () => {
    const { says } = open();
    expect(says(data(0, 1), data(0, 1), { t: 'gap', ch: 1, from: 1, to: 8, reason: 'trimmed' }, data(8, 1))).toEqual(
      [],
    );
    expect(says(data(7, 1))).toEqual([]);
    expect(says(data(9, 1))).toEqual([[7, 9]]);
  });

  it('counts anew when a stream is read again', () => {
    const { hears, says } = open();
    expect(says(data(0, 2))).toEqual([]);
    hears({ t: 'unsubscribe', ch: 1 }, subscribe(1, 100));
    expect(says({ t: 'unsubscribed', ch: 1 }, subscribed, data(0, 1))).toEqual([]);
    expect(says(data(1, 1))).toEqual([[7, 1]]);
  });

  it('raises the account when the request is repeated', () => {
    const { hears, says } = open();
    hears(subscribe(3, 100));
    expect(says(subscribed, data(0, 3))).toEqual([]);
  });

  it('forgets what the server has given up', () => {
    const { says } = open();
    expect(says({ t: 'error', code: 'internal', message: '', ch: 1 }, data(0, 9))).toEqual([]);
  });
});
