import { type EncodedChunk, toBase64, utf8Bytes } from '../../chunk/index.js';
import { writeEvent } from '../../format/event-stream.js';
import type { DataFrame, FrameOf, ServerFrame } from '../../protocol/index.js';

/** A frame that goes to many readers is written once: this is the memory of that. */
const written = new WeakMap<object, Uint8Array>();

/** The events of a frame's chunks: one each, its id the chunk's number. Written once, however many readers get it. */
export function dataEvents(frame: DataFrame<EncodedChunk>): Uint8Array {
  const known = written.get(frame);
  if (known !== undefined) return known;
  let text = '';
  let { seq } = frame;
  for (const chunk of frame.chunks) text += chunkEvent(seq++, chunk);
  const bytes = utf8Bytes(text);
  written.set(frame, bytes);
  return bytes;
}

/** The event of a snapshot: that of a chunk, with a name. */
export function snapshotEvent(seq: number, chunk: EncodedChunk): string {
  return `event: snapshot\n${chunkEvent(seq, chunk)}`;
}

/** JSON text holds no line break, so that the head can be spliced in as it is. */
function chunkEvent(seq: number, { head, bytes }: EncodedChunk): string {
  const data = bytes === undefined ? '' : `"data":"${toBase64(bytes)}",`;
  return `id: ${seq}\ndata: {"seq":${seq},${data}${head.slice(1)}\n\n`;
}

/** The event of a gap. Its id leads behind the gap. */
export function gapEvent({ from, to, reason }: FrameOf<ServerFrame, 'gap'>): string {
  return writeEvent({ event: 'gap', id: `${to - 1}`, data: JSON.stringify({ from, to, reason }) });
}

/** The event of a stream's end. Who comes back with its id is behind the end, also when no chunk came. */
export function endEvent({ seq, status, reason }: FrameOf<ServerFrame, 'end'>): string {
  return writeEvent({ event: 'end', id: `${seq - 1}`, data: JSON.stringify({ seq, status, reason }) });
}

/** What a reader is told of an error, in an event or in the body of a response. */
export function errorJson({ code, message, field }: Pick<FrameOf<ServerFrame, 'error'>, 'code' | 'message' | 'field'>) {
  return JSON.stringify({ code, message, field });
}
