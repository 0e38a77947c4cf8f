import { describe, expect, it } from 'vitest';
import type { JoinPosition } from '../../../src/chunk/index.js';
import { Seat } from '../../../src/client/tabs/seat.js';
import { Source } from '../../../src/client/tabs/source.js';
import type { ServerFrame } from '../../../src/protocol/index.js';
import { ClientStage } from '../stage.js';

const many = { chunks: 1 << 20, bytes: 1 << 30 };
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

function made(from: JoinPosition, stage = new ClientStage()) {
  const sent: ServerFrame[] = [];
  let moves = 0;
  const source = new Source('s', from, stage.client, () => moves++);
  const seat = (credit = many) => new Seat('s', 0, from, credit, (frame) => sent.push(frame));
  const seqs = () => sent.flatMap((frame) => (frame.t === 'data' ? frame.chunks.map(({ data }) => Number(data)) : []));
  return { stage, source, seat, sent, seqs, moves: () => moves };
}

describe('Source', () => {
  it('serves who begins where it has something, and who wants the beginning while it has that', async () => {
    const { stage, source, seat } = made('beginning');
    stage.keep('s', ...numbers(1500));
    expect([source.serves('beginning'), source.serves('now'), source.serves(0)]).toEqual([true, false, false]);
    source.seat(seat({ chunks: 10, bytes: 1 << 30 }));
    await stage.time.pass(100);
    expect([source.serves('beginning'), source.serves(0), source.serves(10), source.serves(11)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    source.seat(seat());
    await stage.time.pass(500);
    // What is kept has a bound: the newest 1024.
    expect([source.serves('beginning'), source.has(475), source.has(476)]).toEqual([false, false, true]);
    source.stop();
  });

  it('lets who comes later have what is kept, and reads only as far as somebody takes', async () => {
    const { stage, source, seat, seqs } = made(0);
    stage.keep('s', ...numbers(20));
    source.seat(seat({ chunks: 5, bytes: 1 << 30 }));
    await stage.time.pass(100);
    expect([seqs(), source.has(5), source.has(6)]).toEqual([[0, 1, 2, 3, 4], true, false]);
    source.seat(seat({ chunks: 3, bytes: 1 << 30 }));
    expect(seqs().slice(5)).toEqual([0, 1, 2]);
    source.stop();
    await stage.time.pass(100);
    expect(stage.reading()).toEqual([]);
  });

  it('ends all at the end, and fails all with what went wrong', async () => {
    const whole = made('beginning');
    whole.stage.keep('s');
    whole.stage.end('s');
    whole.source.seat(whole.seat());
    await whole.stage.time.pass(100);
    expect(whole.sent.map(({ t }) => t)).toEqual(['subscribed', 'end']);
    expect([whole.source.seats.size, whole.moves()]).toEqual([0, 2]);
    const none = made('beginning');
    none.source.seat(none.seat());
    await none.stage.time.pass(100);
    expect(none.sent).toMatchObject([{ t: 'subscribed' }, { t: 'error', code: 'stream-not-found' }]);
  });

  it('says nothing once it was stopped', async () => {
    const { stage, source, seat, sent } = made('now');
    stage.keep('s');
    source.seat(seat());
    await stage.time.pass(100);
    expect(sent.splice(0)).toMatchObject([{ t: 'subscribed', from: 'now', seq: 0 }]);
    source.stop();
    stage.keep('s', 'x');
    await stage.time.pass(100);
    expect(sent).toEqual([]);
  });
});
