import { type Range, StreamError } from '../src/chunk/index.js';

/**
 * The error that names missing chunks: `gap`, with the first of them in its details.
 *
 * @param streamId - empty when it is not known
 * @param why - ends the sentence: "did not come within 500 ms"
 * @param cause - why, as somebody else has put it
 *
 * @internal
 */
export function gapError(
  operator: string,
  streamId: string,
  { from, to }: Range,
  why: string,
  cause?: unknown,
): StreamError {
  const chunks = to - from === 1 ? `chunk ${from}` : `chunks ${from} to ${to - 1}`;
  const stream = streamId === '' ? '' : ` of "${streamId}"`;
  return new StreamError('gap', `${operator}: ${chunks}${stream} ${why}`, {
    operator,
    seq: from,
    ...(streamId === '' ? {} : { streamId }),
    cause,
  });
}
