import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import { constants, Http2ServerResponse } from 'node:http2';

/** Of one connection, not of an answer: HTTP/2 has none of them (RFC 9113, section 8.2.2). */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** By name, or names and values in turn. */
type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** @internal An answer over HTTP/2 that has all that our doors use of one over HTTP/1.1. */
export class Http2Response extends Http2ServerResponse {
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
