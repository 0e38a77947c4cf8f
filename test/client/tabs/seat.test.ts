import { describe, expect, it } from 'vitest';
import { chunkOf, StreamError } from '../../../src/chunk/index.js';
import { type Credit, Seat } from '../../../src/client/tabs/seat.js';
import type { ServerFrame } from '../../../src/protocol/index.js';
import { textBody } from '../../bodies.js';

const chunk = (seq: number) => chunkOf('s', seq, textBody(`${seq}`));

function made(credit: Credit) {
  const sent: ServerFrame[] = [];
  const seat = new Seat('s', 7, 'beginning', credit, (frame) => sent.push(frame));
  const told = () =>
    sent.splice(0).map((frame) => (frame.t === 'data' ? `data ${frame.seq} ${frame.chunks.length}` : frame));
  return { seat, told };
}

describe('Seat', () => {
  it('takes as many chunks as it has credit for, and one that goes beyond its bytes', () => {
    const { seat, told } = made({ chunks: 2, bytes: 100 });
    seat.sit(3);
    expect(told()).toEqual([{ t: 'subscribed', stream: 's', from: 'beginning', ch: 7, seq: 3 }]);
    seat.take([chunk(3), chunk(4), chunk(5)]);
    expect([told(), seat.cursor, seat.hungry]).toEqual([['data 3 2'], 5, false]);
    seat.grant({ chunks: 100, bytes: 3 });
    seat.take([chunk(5), chunk(6)]);
    expect([told(), seat.cursor, seat.hungry]).toEqual([['data 5 1'], 6, false]);
    expect(seat.mark).toEqual([7, 6]);
  });

  it('is told of what is not there any more, between chunks and before them', () => {
    const { seat, told } = made({ chunks: 9, bytes: 9 });
    seat.sit(0);
    told();
    seat.skip(2);
    seat.take([chunk(2), chunk(5)]);
    const gap = { t: 'gap', ch: 7, reason: 'trimmed' };
    expect(told()).toEqual([{ ...gap, from: 0, to: 2 }, 'data 2 1', { ...gap, from: 3, to: 5 }, 'data 5 1']);
  });

  it('ends and fails, before it sits and after', () => {
    const { seat, told } = made({ chunks: 9, bytes: 9 });
    expect(seat.mark).toBeUndefined();
    seat.fail(new StreamError('stream-not-found', 'no'));
    seat.end();
    seat.sit(4);
    seat.end();
    seat.fail(new Error('odd'));
    const error = { t: 'error', stream: 's' };
    expect(told()).toEqual([
      { ...error, code: 'stream-not-found', message: 'no' },
      { t: 'end', ch: 7, seq: 0, status: 'completed' },
      { t: 'subscribed', stream: 's', from: 'beginning', ch: 7, seq: 4 },
      { t: 'end', ch: 7, seq: 4, status: 'completed' },
      { ...error, code: 'internal', message: 'Error: odd', ch: 7 },
    ]);
  });
});
