import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from './send-json.js';

/** @internal What is said where no door leads. */
export function notFound(request: IncomingMessage, response: ServerResponse): void {
  sendJson(request, response, 404, { code: 'not-found', message: 'there is nothing here: try / or /streams' });
}
