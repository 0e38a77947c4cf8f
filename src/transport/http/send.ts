import { beginningOf, type HttpRequest, openExchange } from './exchange.js';
import { refusalOf } from './refusal.js';
import type { HttpRules } from './rules.js';

/** @internal Sends a write, once, and reads its answer to the end, so that the connection can be used again. */
export async function send(rules: HttpRules, request: HttpRequest, signal: AbortSignal): Promise<Response> {
  const exchange = await openExchange(rules, { ...request, refusal: refusalOf }, signal);
  try {
    // What it says interests nobody.
    await beginningOf(exchange.pieces());
    signal.throwIfAborted();
    return exchange.answer;
  } finally {
    exchange.close();
  }
}

/** @internal Where a stream ends, as far as an answer says it. */
export function offsetOf({ headers }: Response): string | undefined {
  return headers.get('stream-next-offset') ?? undefined;
}
