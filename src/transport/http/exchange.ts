import { errorOf, HttpError, isTransient } from './failure.js';
import type { HttpFields, HttpRules } from './rules.js';

/** @internal One request. Fields that are `undefined` are left out. */
export interface HttpRequest {
  readonly method: 'DELETE' | 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Uint8Array | undefined;
}

/** Most of a refusal that is read for its reason, in bytes, and shown of it, in characters. */
const maxRefusal = 4096;
const maxReason = 200;

/**
 * @internal A request that has been answered with success, and its answer while it comes. Whatever goes wrong is an
 * {@link HttpError}, or the reason of the signal.
 */
export class Exchange {
  private address = '';
  private answer!: Response;
  private readonly abort = new AbortController();
  private silent = false;

  private constructor(
    private readonly rules: HttpRules,
    private readonly request: HttpRequest,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', this.stop);
  }

  /** Sends a request, once. */
  static async open(rules: HttpRules, request: HttpRequest, signal: AbortSignal): Promise<Exchange> {
    signal.throwIfAborted();
    const exchange = new Exchange(rules, request, signal);
    try {
      await exchange.begin();
      return exchange;
    } catch (error) {
      exchange.close();
      throw error;
    }
  }

  /** Path of the stream, for messages. */
  get path(): string {
    return new URL(this.address).pathname;
  }

  get status(): number {
    return this.answer.status;
  }

  get headers(): Headers {
    return this.answer.headers;
  }

  /**
   * The body, piece by piece: the next is read when it is asked for, and the server held back until then.
   *
   * @param firstMs - how long the server may take for the first piece
   */
  async *pieces(firstMs: number = this.rules.idleMs): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = this.answer.body?.getReader();
    if (reader === undefined) return;
    for (let idleMs = firstMs; ; idleMs = this.rules.idleMs) {
      const { done, value } = await this.within(reader.read(), idleMs);
      if (done) return;
      if (value.length > 0) yield value;
    }
  }

  /** Reads the body to its end, so that the connection can be used again. What it holds interests nobody. */
  async finish(): Promise<void> {
    await this.beginning();
    this.close();
  }

  /** Lets the answer go, wherever it is. */
  close(): void {
    this.signal.removeEventListener('abort', this.stop);
    this.abort.abort();
  }

  private readonly stop = (): void => this.abort.abort();

  private async begin(): Promise<void> {
    const { rules, request, signal } = this;
    this.address = rules.addresses.current();
    const [params, own] = await this.whileWanted(Promise.all([rules.params(), rules.headers()]));
    signal.throwIfAborted();
    const { method, body } = request;
    const init = { method, headers: headersOf(own, request.headers), body, signal: this.abort.signal };
    const send = async (): Promise<Response> => rules.fetch(urlOf(this.address, params, request.query), init);
    this.answer = await this.whileWanted(this.within(send(), rules.idleMs));
    if (!this.answer.ok) throw await this.refusal();
  }

  /** Not everything that is waited for heeds the signal: a function of the user's may know nothing of it. */
  private async whileWanted<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.abort;
    let stop!: () => void;
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(this.broken(signal.reason));
      signal.addEventListener('abort', stop);
    });
    try {
      return await Promise.race([work, stopped]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Gives up on what takes longer. */
  private async within<T>(work: Promise<T>, idleMs: number): Promise<T> {
    const silence =
      idleMs === Infinity
        ? undefined
        : this.rules.scheduler.schedule(() => {
            this.silent = true;
            this.abort.abort();
          }, idleMs);
    try {
      return await work;
    } catch (cause) {
      throw this.broken(cause);
    } finally {
      silence?.unsubscribe();
    }
  }

  private broken(cause: unknown): unknown {
    if (this.signal.aborted) return this.signal.reason;
    this.rules.addresses.failed(this.address);
    const why = this.silent ? 'the server has been silent for too long' : `the connection broke: ${messageOf(cause)}`;
    return new HttpError('connection-lost', `${this.request.method} ${this.path}: ${why}`, { cause });
  }

  private async refusal(): Promise<HttpError> {
    const { method, query, headers } = this.request;
    const offset = query?.['offset'];
    const refused = {
      method,
      path: this.path,
      located: offset !== undefined && offset !== '-1' && offset !== 'now',
      numbered: headers?.['stream-seq'] !== undefined,
    };
    const error = errorOf(this.answer, refused, await this.beginning(), this.rules.scheduler.now());
    if (isTransient(error)) this.rules.addresses.failed(this.address);
    return error;
  }

  /** What the body begins with, on one line. */
  private async beginning(): Promise<string> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const piece of this.pieces()) {
        text += decoder.decode(piece, { stream: true });
        if (text.length >= maxRefusal) break;
      }
    } catch {
      this.signal.throwIfAborted();
      // The answer itself has come: that its body did not changes nothing.
    }
    // A line of a log is what it is: nothing in an answer begins another.
    return text
      .replaceAll(/[\s\p{Cc}]+/gu, ' ')
      .trim()
      .slice(0, maxReason);
  }
}

function urlOf(base: string, params: HttpFields, query: HttpRequest['query'] = {}): string {
  const url = new URL(base);
  for (const [name, value] of Object.entries({ ...params, ...query })) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  // In one order, so that caches see one address.
  url.searchParams.sort();
  return url.href;
}

function headersOf(own: HttpFields, ours: HttpRequest['headers'] = {}): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of [...Object.entries(own), ...Object.entries(ours)]) {
    if (value !== undefined) headers[name.toLowerCase()] = value;
  }
  return headers;
}

/** `fetch` says little itself; what it was caused by says more. */
function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { message, cause } = thrown;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
