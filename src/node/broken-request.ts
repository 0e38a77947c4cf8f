import type { Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusals } from '../probe/index.js';

/** Somebody has begun, and not gone on. */
const late = new Set(['ERR_HTTP_REQUEST_TIMEOUT', 'ERR_TLS_HANDSHAKE_TIMEOUT']);
/** Somebody has hung up, at once or in the midst of his request. */
const gone = new Set(['ECONNRESET', 'HPE_INVALID_EOF_STATE']);
const statuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** @internal Counts a connection over which nothing came that can be read; who hangs up has asked for nothing. */
export function countUnread(refusals: Pick<Refusals, 'count'> | undefined, { code = '' }: NodeJS.ErrnoException): void {
  if (!gone.has(code)) refusals?.count(late.has(code) ? 'slow' : 'header');
}

/**
 * @internal Answers what Node could not read as a request, as Node would, and counts it: two lengths of one body, lines that end
 * otherwise, headers that go on in the next line, who begins and does not go on.
 */
export function countBroken(http: HttpServer, refusals: Pick<Refusals, 'count'>): void {
  http.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    countUnread(refusals, error);
    const fresh = socket.writable && (socket as { bytesWritten?: number }).bytesWritten === 0;
    if (fresh) socket.write(`HTTP/1.1 ${statuses[error.code!] ?? '400 Bad Request'}\r\nconnection: close\r\n\r\n`);
    socket.destroy();
  });
}
