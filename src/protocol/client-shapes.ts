import { fields, list, optional, type Shape, string, tuple, where } from '../chunk/shape.js';
import { type ClientFrame, maxToken } from './frame.js';
import { frame, heads, life, number, position, reason, status, stream, token } from './words.js';

const range = where<readonly [number, number]>(
  tuple(number, number),
  ([from, to]) => from < to,
  'a range must hold at least one chunk',
);

/** @internal What the frames of a client must be, by `t`: `clientFrames` says the same. */
export const clientShapes: Readonly<Record<ClientFrame['t'], Shape>> = {
  subscribe: frame({ stream, from: position, life, chunks: number, bytes: number }),
  credit: frame({ ch: number, chunks: number, bytes: number }),
  unsubscribe: frame({ ch: number }),
  nack: frame({ ch: number, ranges: list(range, 1, 64) }),
  publish: frame({
    stream,
    producer: token,
    epoch: number,
    seq: number,
    chunks: heads(),
    close: optional(fields({ status, reason })),
  }),
  cancel: frame({ stream, reason }),
  auth: frame({ token: string(1, maxToken) }),
  ping: frame({ grants: list(tuple(number, number, number)) }),
};
