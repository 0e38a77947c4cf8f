import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import { constants, Http2ServerResponse } from 'node:http2';
import { giveShare, type Room, type RoomShare } from '../flow/room.js';

/** Of one connection, not of an answer: HTTP/2 has none of them (RFC 9113, section 8.2.2). */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** Told when what was written has gone, or will not. */
type Told = (error: Error) => void;

/** By name, or names and values in turn. */
type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** @internal An answer over HTTP/2 that has all that our doors use of one over HTTP/1.1. */
export class Http2Response extends Http2ServerResponse {
  private share: RoomShare | undefined;

  override setHeader(name: string, value: number | string | readonly string[]): void {
    if (!hopByHop.has(name.toLowerCase())) super.setHeader(name, value);
  }

  override writeHead(
    status: number,
    reason?: string | Headers,
    headers: Headers = isHeaders(reason) ? reason : {},
  ): this {
    const own = entriesOf(headers).filter(([name]) => !hopByHop.has(name.toLowerCase()));
    return super.writeHead(status, Object.fromEntries(own));
  }

  /** From now on what is written is held in a room until it has gone. */
  enter(room: Room): void {
    const share = room.share(() => this.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM));
    this.share = share;
    giveShare(this, share);
    this.stream.once('close', () => share.close());
  }

  override write(chunk: string | Uint8Array, encoding?: BufferEncoding | Told, told?: Told): boolean {
    if (typeof encoding === 'function') return this.write(chunk, undefined, encoding);
    const { share } = this;
    const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
    share?.wrote(bytes);
    return super.write(chunk, encoding ?? 'utf8', (error) => {
      share?.sent(bytes);
      told?.(error);
    });
  }

  override end(...last: unknown[]): this {
    super.end(...(last as []));
    this.share?.wroteAll();
    return this;
  }

  /** Says so to the reader: a stream that only stops could be taken for whole. */
  override destroy(): this {
    this.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return this;
  }
}

/** An answer over HTTP/2 is no stream of Node, whatever its type says: it has one, and that knows. */
Object.defineProperties(Http2Response.prototype, {
  destroyed: {
    get(this: Http2Response): boolean {
      return this.stream.destroyed || this.stream.closed;
    },
  },
  /** Whether flow control holds it: that of its own stream, and no other's. */
  writableNeedDrain: {
    get(this: Http2Response): boolean {
      return this.stream.writableNeedDrain;
    },
  },
});

function isHeaders(said: string | Headers | undefined): said is Headers {
  return typeof said === 'object';
}

function entriesOf(headers: Headers): [name: string, value: OutgoingHttpHeader | undefined][] {
  if (!Array.isArray(headers)) return Object.entries(headers);
  const entries: [string, OutgoingHttpHeader | undefined][] = [];
  for (let i = 0; i < headers.length; i += 2) entries.push([`${headers[i]}`, headers[i + 1]]);
  return entries;
}
