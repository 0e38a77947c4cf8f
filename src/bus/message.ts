import * as z from 'zod';
import { type Chunk, chunkFromValue, chunkToJson, type EndStatus, type Range } from '../chunk/index.js';

/**
 * What senders and receivers say to each other over a bus, as JSON text. `from` is the sender, `to` the one asked.
 *
 * | t | says |
 * |---|---|
 * | `chunk` | a chunk, with its checksum |
 * | `mark` | every chunk below `seq` has been sent |
 * | `end` | there is no chunk `seq` or later |
 * | `lost` | these chunks are no longer kept |
 * | `nack` | these chunks are missing: once more, please |
 *
 * @internal
 */
export type Message =
  | { readonly t: 'chunk'; readonly from: string; readonly chunk: Chunk }
  | { readonly t: 'mark'; readonly from: string; readonly seq: number }
  | {
      readonly t: 'end';
      readonly from: string;
      readonly seq: number;
      readonly status: EndStatus;
      readonly reason?: string | undefined;
    }
  | { readonly t: 'lost'; readonly from: string; readonly ranges: readonly Range[] }
  | { readonly t: 'nack'; readonly to: string; readonly ranges: readonly Range[] };

/** @internal Most ranges in one message. */
export const maxRanges = 256;

const seq = z.int().min(0);
const name = z.string().min(1).max(256);
const ranges = z.array(z.strictObject({ from: seq, to: seq })).max(maxRanges);
const schema = z.compile(
  z.discriminatedUnion('t', [
    z.strictObject({ t: z.literal('chunk'), from: name, chunk: z.unknown() }),
    z.strictObject({ t: z.literal('mark'), from: name, seq }),
    z.strictObject({
      t: z.literal('end'),
      from: name,
      seq,
      status: z.enum(['completed', 'failed', 'cancelled']),
      reason: z.string().max(1024).optional(),
    }),
    z.strictObject({ t: z.literal('lost'), from: name, ranges }),
    z.strictObject({ t: z.literal('nack'), to: name, ranges }),
  ]),
);

/** @internal Writes a message. */
export function messageText(message: Message): string {
  if (message.t !== 'chunk') return JSON.stringify(message);
  return `{"t":"chunk","from":${JSON.stringify(message.from)},"chunk":${chunkToJson(message.chunk)}}`;
}

/** @internal Reads a message; `undefined` when it is none. A bus may be shared with others, and may break what it carries. */
export function readMessage(text: string): Message | undefined {
  try {
    const result = schema.safeParse(JSON.parse(text));
    if (!result.success) return undefined;
    const message = result.data;
    if (message.t !== 'chunk') return message;
    return { ...message, chunk: chunkFromValue(message.chunk) };
  } catch {
    return undefined;
  }
}
