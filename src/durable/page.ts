import { type ChunkType, type EncodedChunk, joinBytes } from '../chunk/index.js';
import type { LogSlice } from '../log/log.js';
import { formatOffset } from './offset.js';
import { renderChunks, renderEventData, wholeCharacters } from './render.js';
import { SharedBytes } from './shared-bytes.js';

/** @internal How the chunks of a stream are shown. */
export interface PageForm {
  readonly type: ChunkType;
  /** What an offset is more than a chunk's number. */
  readonly base: number;
}

const encoder = new TextEncoder();
const opening = encoder.encode('[');
const closing = encoder.encode(']');

/** @internal Bytes of data. */
export function sizeOf(chunks: readonly EncodedChunk[]): number {
  let bytes = 0;
  for (const { size } of chunks) bytes += size;
  return bytes;
}

/** @internal Chunks as a whole body. */
export function bodyOf(type: ChunkType, chunks: readonly EncodedChunk[]): Uint8Array {
  const content = renderChunks(type, chunks);
  return type === 'json' ? joinBytes([opening, content, closing]) : content;
}

/**
 * @internal A run of chunks on its way to those who follow a stream: rendered once, however many readers get it. Text is cut
 * only between characters, as long as what is missing can still come.
 */
export class Page {
  readonly from: number;
  /** Number of the chunk behind it. */
  readonly to: number;
  /** Whether nothing is kept behind it that a reader could be shown. */
  readonly upToDate: boolean;
  /** Whether the stream has ended behind it. */
  readonly ended: boolean;
  private readonly chunks: readonly EncodedChunk[];
  private rendered: { readonly cursor: number; readonly events: SharedBytes } | undefined;
  private data: string | undefined;
  private body: Uint8Array | undefined;
  private bytes: number | undefined;

  constructor(
    private readonly form: PageForm,
    { from, chunks, next, end }: LogSlice,
    split: 'anywhere' | 'characters',
  ) {
    const last = from + chunks.length >= next;
    const count =
      split === 'anywhere' || form.type !== 'text' || (last && end !== undefined)
        ? chunks.length
        : wholeCharacters(chunks);
    // Nothing whole among chunks that are not the last: waiting would help nobody.
    const shown = count === 0 && !last ? chunks.length : count;
    this.chunks = shown === chunks.length ? chunks : chunks.slice(0, shown);
    this.from = from;
    this.to = from + shown;
    this.upToDate = last;
    this.ended = end !== undefined && last;
  }

  /** Bytes of data. Everybody who follows asks. */
  get size(): number {
    return (this.bytes ??= sizeOf(this.chunks));
  }

  get empty(): boolean {
    return this.chunks.length === 0;
  }

  /** The chunks as the body of an answer. */
  asBody(): Uint8Array {
    return (this.body ??= bodyOf(this.form.type, this.chunks));
  }

  /** The chunks as a slice that ends with them. */
  asSlice(): Pick<LogSlice, 'from' | 'chunks' | 'next'> {
    return { from: this.from, chunks: this.chunks, next: this.to };
  }

  /** The chunks as events: their data, and where a reader is behind them. */
  asEvents(cursor: number): SharedBytes {
    if (this.rendered?.cursor === cursor) return this.rendered.events;
    const { form, chunks } = this;
    this.data ??= chunks.length === 0 ? '' : dataEvent(renderEventData(form.type, chunks));
    const events = new SharedBytes(this.data + this.control(cursor));
    this.rendered = { cursor, events };
    return events;
  }

  /** Its JSON is written by hand: nothing in it is to be escaped, and making it of an object costs twenty times as much. */
  private control(cursor: number): string {
    const { form, to, upToDate, ended } = this;
    const offset = formatOffset(to + form.base);
    const more = ended ? '"streamClosed":true' : `"streamCursor":"${cursor}"`;
    return `event: control\ndata:{"streamNextOffset":"${offset}",${more}${upToDate ? ',"upToDate":true' : ''}}\n\n`;
  }
}

const lineBreak = /\r\n?|\n/g;
const newLine = /\n/g;

/**
 * Data as the protocol writes it, which not all of its readers parse as they should: no space behind `data:`, but where
 * the line begins with one, which readers would take for that. Nothing in the data can begin another field or event.
 */
function dataEvent(data: string): string {
  // Few have written CR since there is Unix, and to look for LF alone costs half as much.
  const fields = `\ndata:${data.replace(data.includes('\r') ? lineBreak : newLine, '\ndata:')}`;
  return `event: data${fields.replaceAll('\ndata: ', '\ndata:  ')}\n\n`;
}

/** @internal Whether events carry a stream's data in base64. */
export function isBase64(type: ChunkType): boolean {
  return type !== 'text' && type !== 'json';
}
