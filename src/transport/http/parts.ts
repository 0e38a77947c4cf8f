import { joinBytes, StreamError } from '../../chunk/index.js';

/** @internal How to cut a body. */
export interface PartRules {
  /** Bytes at the beginning that are known already. */
  readonly skip: number;
  /** Bytes from which on a part is handed out, though more follow. */
  readonly size: number;
  /** Most bytes of one part. */
  readonly most: number;
}

/** @internal Some of a body. */
export interface Part {
  readonly bytes: Uint8Array;
  /** With it the body is whole. */
  readonly last: boolean;
  /** What is left of the bytes to skip: the body may be shorter than what is known already. */
  readonly skip: number;
}

/**
 * @internal A body in parts, as they are asked for; the last one, which may be empty, comes when the body has come to its end.
 *
 * @throws {@link StreamError} `overflow` when a part is larger than it may be
 */
export async function* partsOf(
  pieces: AsyncIterable<Uint8Array>,
  { skip, size, most }: PartRules,
): AsyncGenerator<Part, void, undefined> {
  let left = skip;
  let held: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    const fresh = piece.subarray(left);
    left -= piece.length - fresh.length;
    if (fresh.length === 0) continue;
    if (bytes >= size) {
      yield { bytes: joined(held, bytes), last: false, skip: left };
      held = [];
      bytes = 0;
    }
    held.push(fresh);
    bytes += fresh.length;
    if (bytes > most) throw new StreamError('overflow', `an answer has more than maxAnswerBytes = ${most} bytes`);
  }
  yield { bytes: joined(held, bytes), last: true, skip: left };
}

function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  return joinBytes(pieces, bytes);
}
