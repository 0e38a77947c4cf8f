import * as z from 'zod';
import { type ErrorCode, jsonProblem, type JsonValue, nameSchema } from '../chunk/index.js';
import { maxToken, subprotocol } from './frame.js';

const stream = nameSchema;
const channel = z.int().min(0);
const seq = z.int().min(0);
const count = z.int().min(0);
const reason = z.string().max(1024).optional();
const life = z.string().min(1).max(64).optional();
const status = z.enum(['completed', 'failed', 'cancelled']);
const range = z.tuple([seq, seq]).refine(([from, to]) => from < to, 'a range must hold at least one chunk');
const token = z.string().min(1).max(256);
const position = z.union(
  [z.literal('beginning'), z.literal('now'), z.literal('snapshot'), seq],
  'must be "beginning", "now", "snapshot" or a chunk number',
);
const json = z.custom<JsonValue>((value) => jsonProblem(value) === undefined, 'must be JSON');
/** A later version has words that this one does not know: what they are about is told all the same. */
const code = z
  .string()
  .max(64)
  .regex(/^[a-z]+(?:-[a-z]+)*$/, 'must be a word') as z.ZodType<string> as z.ZodType<ErrorCode>;
/** Heads are checked one by one while decoding, so that a wrong one is named by its index. */
const heads = z.array(z.unknown());

/** Schemas of the frames a client sends, by `t`. */
export const clientFrames = {
  subscribe: z.strictObject({
    t: z.literal('subscribe'),
    stream,
    from: position,
    life,
    chunks: count,
    bytes: count,
  }),
  credit: z.strictObject({ t: z.literal('credit'), ch: channel, chunks: count, bytes: count }),
  unsubscribe: z.strictObject({ t: z.literal('unsubscribe'), ch: channel }),
  nack: z.strictObject({ t: z.literal('nack'), ch: channel, ranges: z.array(range).min(1).max(64) }),
  publish: z.strictObject({
    t: z.literal('publish'),
    stream,
    producer: token,
    epoch: seq,
    seq,
    chunks: heads,
    close: z.strictObject({ status, reason }).optional(),
  }),
  cancel: z.strictObject({ t: z.literal('cancel'), stream, reason }),
  auth: z.strictObject({ t: z.literal('auth'), token: z.string().min(1).max(maxToken) }),
  ping: z.strictObject({ t: z.literal('ping'), grants: z.array(z.tuple([channel, count, count])) }),
} as const;

/** Schemas of the frames a server sends, by `t`. */
export const serverFrames = {
  welcome: z.strictObject({
    t: z.literal('welcome'),
    protocol: z.literal(subprotocol),
    session: z.string(),
    maxFrame: z.int().min(1),
    pingMs: z.int().min(1),
    window: z.strictObject({ chunks: z.int().min(1), bytes: z.int().min(1) }),
  }),
  subscribed: z
    .strictObject({
      t: z.literal('subscribed'),
      stream,
      from: position.optional(),
      life,
      ch: channel,
      seq,
      chunks: heads.length(1).optional(),
    })
    .refine(
      ({ seq: next, chunks }) => chunks === undefined || next > 0,
      'a snapshot must stand for at least one chunk',
    ),
  unsubscribed: z.strictObject({ t: z.literal('unsubscribed'), ch: channel }),
  data: z.strictObject({ t: z.literal('data'), ch: channel, seq, chunks: heads }),
  gap: z
    .strictObject({ t: z.literal('gap'), ch: channel, from: seq, to: seq, reason: z.enum(['trimmed', 'dropped']) })
    .refine(({ from, to }) => from < to, 'a gap must hold at least one chunk'),
  end: z.strictObject({ t: z.literal('end'), ch: channel, seq, status, reason }),
  ack: z.strictObject({
    t: z.literal('ack'),
    stream,
    producer: token,
    epoch: seq,
    seq,
    next: seq,
    closed: z.literal(true).optional(),
  }),
  stop: z.strictObject({ t: z.literal('stop'), stream, reason }),
  push: z.strictObject({ t: z.literal('push'), data: json }),
  authenticated: z.strictObject({ t: z.literal('authenticated'), expiresInMs: count.optional() }),
  goodbye: z.strictObject({ t: z.literal('goodbye'), retryMs: count }),
  error: z.strictObject({
    t: z.literal('error'),
    code,
    message: z.string(),
    stream: z.string().optional(),
    ch: channel.optional(),
    producer: token.optional(),
    epoch: seq.optional(),
    expected: seq.optional(),
    field: z.string().optional(),
    retryAfterMs: count.optional(),
  }),
  pong: z.strictObject({ t: z.literal('pong'), sent: z.array(z.tuple([channel, seq])) }),
} as const;
