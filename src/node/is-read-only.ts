import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from './send-json.js';

/** @internal Whether a request only wants to see something; answers one that wants something else with 405. */
export function isReadOnly(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true;
  response.setHeader('allow', 'GET, HEAD');
  sendJson(request, response, 405, { code: 'frame-invalid', message: 'this is read with GET', field: 'method' });
  return false;
}

/** @internal Answers a request that only wants to see something. */
export function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
  contentType: string,
  status = 200,
): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}
