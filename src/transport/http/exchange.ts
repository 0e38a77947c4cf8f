import { aborted, wanted } from './aborted.js';
import { errorOf, HttpError, isTransient, type Reason } from './failure.js';
import type { HttpFields, HttpRules } from './rules.js';

/** Fields of a request; those that are `undefined` are left out. */
type Fields = Readonly<Record<string, string | undefined>>;

/** @internal One request. */
export interface HttpRequest {
  readonly method: 'DELETE' | 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly query?: Fields;
  readonly headers?: Fields;
  readonly body?: string | Uint8Array | undefined;
  /** What a refusal is about, where its status alone does not say it. */
  readonly refusal?: (answer: Response, request: HttpRequest) => Reason | undefined;
}

/** @internal A request that has been answered with success, and its answer while it comes. */
export interface Exchange {
  /** What was asked for, in messages: the path of the stream, and not the query, which may hold a token. */
  readonly asked: string;
  /** Its head; the body comes in {@link pieces}. */
  readonly answer: Response;
  /**
   * The body, piece by piece: the next is read when it is asked for, and the server held back until then.
   *
   * @param firstMs - how long the server may take for the first piece
   */
  pieces(firstMs?: number): AsyncGenerator<Uint8Array, void, undefined>;
  /** Lets the answer go, wherever it is. */
  close(): void;
}

/** @internal Sends a request, once. Whatever goes wrong is an {@link HttpError}, or the reason of the signal. */
export async function openExchange(rules: HttpRules, request: HttpRequest, signal: AbortSignal): Promise<Exchange> {
  signal.throwIfAborted();
  const { addresses, idleMs, scheduler } = rules;
  const { method, query, headers, body } = request;
  const address = addresses.current();
  const asked = `${method} ${new URL(address).pathname}`;
  const abort = new AbortController();
  const following = aborted(signal).subscribe(() => abort.abort(signal.reason));
  let answer!: Response;

  const close = (): void => {
    following.unsubscribe();
    abort.abort();
  };

  const broken = (cause: unknown): HttpError => {
    addresses.failed(address);
    return new HttpError('connection-lost', `${asked}: the connection broke: ${messageOf(cause)}`, { cause });
  };

  /** What comes from the server, which may not be silent for longer. */
  const heard = async <T>(work: Promise<T>, ms: number): Promise<T> => {
    const silence =
      ms === Infinity
        ? undefined
        : scheduler.schedule(() => abort.abort(broken('the server has been silent for too long')), ms);
    try {
      return await wanted(work, abort.signal);
    } catch (cause) {
      throw abort.signal.aborted ? abort.signal.reason : broken(cause);
    } finally {
      silence?.unsubscribe();
    }
  };

  async function* pieces(firstMs = idleMs): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = answer.body?.getReader();
    if (reader === undefined) return;
    for (let ms = firstMs; ; ms = idleMs) {
      const { done, value } = await heard(reader.read(), ms);
      if (done) return;
      if (value.length > 0) yield value;
    }
  }

  try {
    const [params, own] = await wanted(Promise.all([rules.params(), rules.headers()]), abort.signal);
    const init = { method, headers: headersOf(own, headers), body, signal: abort.signal };
    const url = urlOf(address, params, query);
    const send = async (): Promise<Response> => rules.fetch(url, init);
    answer = await heard(send(), idleMs);
    if (!answer.ok) {
      const said = await beginningOf(pieces());
      signal.throwIfAborted();
      const error = errorOf(answer, asked, said, scheduler.now(), request.refusal?.(answer, request));
      if (isTransient(error)) addresses.failed(address);
      throw error;
    }
    return { asked, answer, pieces, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** @internal What a body begins with, on one line: nothing in an answer begins another line of a log. */
export async function beginningOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const maxRead = 4096;
  const maxShown = 200;
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const piece of pieces) {
      text += decoder.decode(piece, { stream: true });
      if (text.length >= maxRead) break;
    }
  } catch {
    // The answer itself has come: that its body did not changes nothing.
  }
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, maxShown);
}

function urlOf(base: string, params: HttpFields, query?: Fields): string {
  const url = new URL(base);
  for (const [name, value] of together(params, query)) url.searchParams.set(name, value);
  // In one order, so that caches see one address.
  url.searchParams.sort();
  return url.href;
}

function headersOf(own: HttpFields, ours?: Fields): Record<string, string> {
  return Object.fromEntries(together(own, ours).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Fields of theirs, and behind them ours, which have the last word. */
function together(theirs: Fields, ours: Fields = {}): [string, string][] {
  const all = [...Object.entries(theirs), ...Object.entries(ours)];
  return all.filter((field): field is [string, string] => field[1] !== undefined);
}

/** `fetch` says little itself; what it was caused by says more. */
function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { message, cause } = thrown;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
