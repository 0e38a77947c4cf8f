import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Refusal, refusalOf } from './request-error.js';

const contentType = 'application/json; charset=utf-8';
/** What is sent is data: no browser is to take it for something else, or show it within another page. */
const headers = {
  'content-type': contentType,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** @internal Answers a request with JSON. */
export function sendJson(request: IncomingMessage, response: ServerResponse, status: number, value: unknown): void {
  // What is left of a body nobody wants is thrown away as it comes, so that who sends it can read the answer.
  response.writeHead(status, request.complete ? headers : { ...headers, connection: 'close' });
  if (!request.complete) request.resume();
  response.end(JSON.stringify(value));
}

/** @internal Answers a request that is refused, with all that helps who sent it. */
export function sendRefusal(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const refusal = refusalOf(error);
  const { status, code, message, field } = refusal;
  for (const [name, value] of Object.entries(adviceOf(refusal))) response.setHeader(name, value);
  sendJson(request, response, status, { code, message, field });
}

/** Headers that say what to do about a refusal. */
function adviceOf({ status, retryAfterMs = 1000 }: Refusal): Readonly<Record<string, string>> {
  if (status === 401) return { 'www-authenticate': 'Bearer' };
  return status === 429 || status === 503 ? { 'retry-after': `${Math.ceil(retryAfterMs / 1000)}` } : {};
}

/** @internal Answers a request for a WebSocket that there will be none. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const { status, code, message, field } = refusal;
  const body = JSON.stringify({ code, message, field });
  const advice = Object.entries(adviceOf(refusal)).map(([name, value]) => `${name}: ${value}\r\n`);
  // Whoever does not hang up himself would stay for as long as he likes.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n${advice.join('')}content-type: ${contentType}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
