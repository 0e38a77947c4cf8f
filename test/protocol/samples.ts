import fc from 'fast-check';
import { createChunk, type EncodedChunk, encodeChunk } from '../../src/chunk/index.js';
import type { ClientFrame, ServerFrame } from '../../src/protocol/index.js';

/** A chunk as frames carry it. */
export function encoded(data: string | object | null): EncodedChunk {
  return encodeChunk(createChunk({ streamId: 's', seq: 0, data: data as string, timestamp: 1_700_000_000_000 }));
}

const text = encoded('né "quoted"\nline');
const json = encoded({ a: [null, 0] });
const bytes = encoded(Uint8Array.of(0, 10, 255));
const empty = encoded(new Uint8Array(0));

/** Every frame a client sends, with and without what it may leave out. */
export const fromClient: readonly ClientFrame<EncodedChunk>[] = [
  { t: 'subscribe', stream: 'books/moby-dick', from: 'beginning', chunks: 256, bytes: 1 << 20 },
  { t: 'subscribe', stream: 'a', from: 'now', chunks: 0, bytes: 0 },
  { t: 'subscribe', stream: 'a', from: 'snapshot', chunks: 0, bytes: 0 },
  { t: 'subscribe', stream: 'a', from: 2 ** 53 - 1, chunks: 2 ** 53 - 1, bytes: 2 ** 53 - 1 },
  { t: 'subscribe', stream: 'a', from: 7, life: 'mwr5-1', chunks: 1, bytes: 1 },
  { t: 'credit', ch: 0, chunks: 5, bytes: 7 },
  { t: 'unsubscribe', ch: 3 },
  { t: 'nack', ch: 3, ranges: [[0, 1]] },
  { t: 'nack', ch: 3, ranges: Array.from({ length: 64 }, (_, i): [number, number] => [2 * i, 2 * i + 1]) },
  { t: 'publish', stream: 'a', producer: 'p', epoch: 0, seq: 0, chunks: [] },
  { t: 'publish', stream: 'a "b"', producer: 'p "q"\n', epoch: 1, seq: 2, chunks: [text, json] },
  { t: 'publish', stream: 'a', producer: 'p', epoch: 0, seq: 0, chunks: [bytes, text, empty, bytes] },
  { t: 'publish', stream: 'a', producer: 'p', epoch: 0, seq: 0, chunks: [text], close: { status: 'completed' } },
  {
    t: 'publish',
    stream: 'a',
    producer: 'p',
    epoch: 0,
    seq: 9,
    chunks: [],
    close: { status: 'failed', reason: '"\n' },
  },
  { t: 'cancel', stream: 'a' },
  { t: 'cancel', stream: 'a', reason: 'enough' },
  { t: 'auth', token: 'e30.e30.c2ln' },
  { t: 'ping', grants: [] },
  { t: 'ping', grants: [[0, 5, 7], [1, 0, 0]] }, // prettier-ignore
];

/** Every frame a server sends, with and without what it may leave out. */
export const fromServer: readonly ServerFrame<EncodedChunk>[] = [
  { t: 'welcome', protocol: 'sluice.v1', session: 'x', maxFrame: 1, pingMs: 1, window: { chunks: 1, bytes: 1 } },
  { t: 'subscribed', stream: 'a', ch: 0, seq: 0 },
  { t: 'subscribed', stream: 'a', from: 'now', ch: 0, seq: 7 },
  { t: 'subscribed', stream: 'a "b"', from: 'snapshot', ch: 0, seq: 7, chunks: [text] },
  { t: 'subscribed', stream: 'a', ch: 0, seq: 2 ** 53 - 1, chunks: [bytes] },
  { t: 'subscribed', stream: 'a', from: 7, life: 'mwr5-1', ch: 0, seq: 7 },
  { t: 'unsubscribed', ch: 0 },
  { t: 'data', ch: 0, seq: 0, chunks: [text] },
  { t: 'data', ch: 7, seq: 2 ** 53 - 1, chunks: [text, bytes, json, empty] },
  { t: 'data', ch: 7, seq: 5, chunks: [] },
  { t: 'gap', ch: 0, from: 0, to: 5, reason: 'trimmed' },
  { t: 'gap', ch: 0, from: 4, to: 5, reason: 'dropped' },
  { t: 'end', ch: 0, seq: 5, status: 'completed' },
  { t: 'end', ch: 0, seq: 5, status: 'failed', reason: 'no paper' },
  { t: 'ack', stream: 'a', producer: 'p', epoch: 0, seq: 5, next: 9 },
  { t: 'ack', stream: 'a', producer: 'p', epoch: 0, seq: 5, next: 9, closed: true },
  { t: 'stop', stream: 'a' },
  { t: 'stop', stream: 'a', reason: 'cancelled' },
  { t: 'error', code: 'gap', message: '' },
  { t: 'error', code: 'sequence-gap', message: 'm', stream: '..', ch: 1, producer: 'p', expected: 4, field: 'f' },
  { t: 'push', data: { type: 'budget', left: 7 } },
  { t: 'push', data: null },
  { t: 'authenticated' },
  { t: 'authenticated', expiresInMs: 60_000 },
  { t: 'goodbye', retryMs: 0 },
  { t: 'goodbye', retryMs: 1000 },
  { t: 'pong', sent: [] },
  { t: 'pong', sent: [[0, 5]] },
];

const whole = fc.oneof(fc.nat({ max: 20 }), fc.maxSafeNat());
const data = fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 20 }), fc.jsonValue());
const chunks = fc.array(
  data.map((value) => encoded(value as object)),
  { maxLength: 5 },
);

/** Frames of a client, drawn at random. */
export const anyClientFrame: fc.Arbitrary<ClientFrame<EncodedChunk>> = fc.oneof(
  fc.constantFrom(...fromClient),
  fc.record({
    t: fc.constant('publish' as const),
    stream: fc.constantFrom('a', 'b/é'),
    producer: fc.constant('p'),
    epoch: whole,
    seq: whole,
    chunks,
  }),
  fc.record({ t: fc.constant('credit' as const), ch: whole, chunks: whole, bytes: whole }),
);

/** Frames of a server, drawn at random. */
export const anyServerFrame: fc.Arbitrary<ServerFrame<EncodedChunk>> = fc.oneof(
  fc.constantFrom(...fromServer),
  fc.record({ t: fc.constant('data' as const), ch: whole, seq: whole, chunks }),
);
