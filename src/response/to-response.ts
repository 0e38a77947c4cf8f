import { Body, type BodyOptions, type ResponseOutcome, told } from './body.js';
import type { CompressorFactory } from './compressor.js';
import { codingsOf, headOf, type HeadOptions } from './head.js';
import type { ResponseSource } from './items.js';

/** Options of {@link toResponse}. */
export interface ToResponseOptions<T> extends BodyOptions<T>, HeadOptions {
  /** The request that is answered: says which codings its reader takes, and when it has left. */
  readonly request?: { readonly headers: Pick<Headers, 'get'>; readonly signal: AbortSignal };
  /** Compresses, with `compression`: on Node `createCompressor` of `sluice/response/zlib`. Default: nothing does. */
  readonly createCompressor?: CompressorFactory;
  /** Hears how it went. */
  readonly onEnd?: (outcome: ResponseOutcome) => void;
}

/**
 * Answers a request with a stream, by web standards: for Hono, Deno, Bun, Cloudflare, service workers. Each item goes out
 * when it is there, and none is taken from an iterable before the reader wants it.
 *
 * Waits for the first item, because what comes before it can still be told by the status: a source that fails at once is
 * answered with 500 and its error as JSON. `sse` begins at once. A body that ends has come whole: when the source fails
 * later, `sse` and `ndjson` say so in an event or a line, and all formats break off.
 *
 * @throws TypeError or RangeError naming an option that cannot be
 *
 * @example
 * app.get('/answers/:id', ({ req }) => toResponse(answers.receive(req.param('id')), { request: req.raw }));
 */
export async function toResponse<T>(source: ResponseSource<T>, options: ToResponseOptions<T> = {}): Promise<Response> {
  codingsOf(options);
  const { request, createCompressor } = options;
  const body = new Body(source, options);
  const over = once(() => {
    body.leave();
    request?.signal.removeEventListener('abort', over);
    options.onEnd?.(body.outcome!);
  });
  if (request?.signal.aborted === true) over();
  request?.signal.addEventListener('abort', over);
  try {
    await body.open();
  } catch (error) {
    over();
    return Response.json(told(error), { status: 500, headers: { 'cache-control': 'no-store' } });
  }
  const accepted = createCompressor === undefined ? undefined : request?.headers.get('accept-encoding');
  const { status, headers, coding } = headOf(body.contentType, accepted, options);
  if (coding !== undefined) body.compress(createCompressor!(coding));
  return new Response(streamOf(body, over), { status, headers });
}

function streamOf(body: Pick<Body<never>, 'next'>, over: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      pull: async (controller) => {
        try {
          const part = await body.next();
          if (part !== undefined) return controller.enqueue(part);
          over();
          controller.close();
        } catch (error) {
          over();
          controller.error(error);
        }
      },
      cancel: over,
    },
    // Nothing is taken ahead of the reader.
    { highWaterMark: 0 },
  );
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}
