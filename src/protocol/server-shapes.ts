import { valueProblem } from '../chunk/chunk-shape.js';
import {
  fields,
  list,
  oneOf,
  optional,
  passing,
  type Shape,
  string,
  tuple,
  where,
  whole,
  without,
} from '../chunk/shape.js';
import { type ServerFrame, subprotocol } from './frame.js';
import { frame, heads, life, number, position, reason, status, stream, token } from './words.js';

// Not one of those we know: a later version has more, and what they are about is told all the same.
const code = passing(
  (value) => typeof value === 'string' && value.length <= 64 && /^[a-z]+(?:-[a-z]+)*$/.test(value),
  'a word',
);

/** @internal What the frames of a server must be, by `t`: `serverFrames` says the same. */
export const serverShapes: Readonly<Record<ServerFrame['t'], Shape>> = {
  welcome: frame({
    protocol: oneOf(subprotocol),
    session: string(),
    maxFrame: whole(1),
    pingMs: whole(1),
    window: fields({ chunks: whole(1), bytes: whole(1) }),
  }),
  subscribed: where<{ readonly seq: number; readonly chunks?: unknown }>(
    frame({ stream, from: optional(position), life, ch: number, seq: number, chunks: optional(heads(1, 1)) }),
    ({ seq, chunks }) => chunks === undefined || seq > 0,
    'a snapshot must stand for at least one chunk',
  ),
  unsubscribed: frame({ ch: number }),
  data: frame({ ch: number, seq: number, chunks: heads() }),
  gap: where<{ readonly from: number; readonly to: number }>(
    frame({ ch: number, from: number, to: number, reason: oneOf('trimmed', 'dropped') }),
    ({ from, to }) => from < to,
    'a gap must hold at least one chunk',
  ),
  end: frame({ ch: number, seq: number, status, reason }),
  ack: frame({ stream, producer: token, epoch: number, seq: number, next: number, closed: optional(oneOf(true)) }),
  stop: frame({ stream, reason }),
  push: frame({ data: without(valueProblem) }),
  authenticated: frame({ expiresInMs: optional(number) }),
  goodbye: frame({ retryMs: number }),
  error: frame({
    code,
    message: string(),
    stream: optional(string()),
    ch: optional(number),
    producer: optional(token),
    epoch: optional(number),
    expected: optional(number),
    field: optional(string()),
    retryAfterMs: optional(number),
  }),
  pong: frame({ sent: list(tuple(number, number)) }),
};
