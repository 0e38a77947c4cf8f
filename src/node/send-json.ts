import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from './request-error.js';

const contentType = 'application/json; charset=utf-8';

/** @internal Answers a request with JSON. */
export function sendJson(request: IncomingMessage, response: ServerResponse, status: number, value: unknown): void {
  const headers = { 'content-type': contentType, 'cache-control': 'no-store' };
  // What is left of a body nobody wants is thrown away as it comes, so that who sends it can read the answer.
  response.writeHead(status, request.complete ? headers : { ...headers, connection: 'close' });
  if (!request.complete) request.resume();
  response.end(JSON.stringify(value));
}

/** @internal Answers a request for a WebSocket that there will be none. */
export function refuseUpgrade(socket: Duplex, { status, code, message, field }: Refusal): void {
  const body = JSON.stringify({ code, message, field });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: ${contentType}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
