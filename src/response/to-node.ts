import type { Duplex } from 'node:stream';
import { Body, type BodyOptions, type ResponseOutcome, told } from './body.js';
import { codingsOf, headOf, type HeadOptions } from './head.js';
import type { ResponseSource } from './items.js';
import { createCompressor } from './zlib.js';

/** Options of {@link toNode}. */
export interface ToNodeOptions<T> extends BodyOptions<T>, HeadOptions {}

/** What is needed of a response: those of `node:http`, of `node:http2` with its compatibility layer, and of Express have it. */
export interface NodeResponse {
  readonly req: { readonly method?: string | undefined; readonly headers: { readonly 'accept-encoding'?: unknown } };
  readonly socket: Pick<Duplex, 'destroy'> | null;
  /** Of HTTP/2. */
  readonly stream?: { close(code: number): void };
  readonly headersSent: boolean;
  readonly closed?: boolean;
  readonly destroyed: boolean;
  readonly writableFinished: boolean;
  writeHead(status: number, headers: Record<string, string>): unknown;
  write(part: Uint8Array): boolean;
  end(): unknown;
  once(event: 'close' | 'drain', listener: () => void): unknown;
  off(event: 'close' | 'drain', listener: () => void): unknown;
}

/**
 * Answers a request of Node with a stream, as `toResponse` does by web standards. While the socket is full nothing is taken
 * from an iterable, nor from the sources of an Observable's `flow`.
 *
 * @returns how it went, once the response is over; it does not reject for what the source or the reader does
 * @throws TypeError or RangeError naming an option that cannot be
 *
 * @example
 * createServer((request, response) => void toNode(tokens$, response, { format: 'text', compression: true }));
 */
export async function toNode<T>(
  source: ResponseSource<T>,
  response: NodeResponse,
  options: ToNodeOptions<T> = {},
): Promise<ResponseOutcome> {
  codingsOf(options);
  const body = new Body(source, options);
  const leave = (): void => body.leave();
  response.once('close', leave);
  // Nobody is there to read it.
  if (response.destroyed || response.req.method === 'HEAD') leave();
  try {
    await body.open();
    const { status, headers, coding } = headOf(body.contentType, acceptedBy(response), options);
    if (coding !== undefined) body.compress(createCompressor(coding));
    response.writeHead(status, headers);
    await write(body, response);
    if (!response.destroyed) response.end();
  } catch (error) {
    fail(response, error);
  }
  await over(response);
  const outcome = body.outcome!;
  return outcome.status === 'completed' && !response.writableFinished ? { ...outcome, status: 'cancelled' } : outcome;
}

function acceptedBy({ req: { headers } }: NodeResponse): string {
  const accepted = headers['accept-encoding'];
  return typeof accepted === 'string' ? accepted : '';
}

async function write(body: Pick<Body<never>, 'next'>, response: NodeResponse): Promise<void> {
  for (let part = await body.next(); part !== undefined; part = await body.next()) {
    if (!response.write(part) && !response.destroyed) await drained(response);
  }
}

/** Resolves when the socket has taken what was written, or will take no more. */
function drained(response: NodeResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.once('drain', done);
    response.once('close', done);
  });
}

/** Before the first byte the status tells; afterwards only an end that is missing. */
function fail(response: NodeResponse, error: unknown): void {
  if (response.destroyed) return;
  if (!response.headersSent) {
    response.writeHead(500, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
    response.write(new TextEncoder().encode(JSON.stringify(told(error))));
    return void response.end();
  }
  if (response.stream !== undefined) return response.stream.close(internalError);
  // What was written goes out before: Node writes it at the end of this turn.
  setImmediate(() => (response.socket as { destroySoon?(): void } | null)?.destroySoon?.());
}

/** RFC 9113, section 7. */
const internalError = 2;

function over(response: NodeResponse): Promise<void> {
  if (response.closed === true || response.destroyed) return Promise.resolve();
  return new Promise((resolve) => response.once('close', resolve));
}
