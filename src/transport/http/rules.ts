import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { callbackError } from '../../../operators/operate.js';
import { checkBound, checkKind, kindOf } from '../../chunk/index.js';
import type { Probe } from '../../probe/index.js';
import { type Addresses, checkHttpUrl, createAddresses, type ServerAddress } from '../addresses.js';
import { type HttpRetryOptions, longestTimer, type RetryRules, retryRules } from './retries.js';

/** Headers, or parameters of a query, by name. */
export type HttpFields = Readonly<Record<string, string>>;

/** What is needed of `fetch`. */
export type HttpFetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body: string | Uint8Array | undefined;
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

/** What every request to a stream shares. */
export interface HttpOptions {
  /**
   * Address of the stream: `http:` or `https:`. Of several, the same stream at gateways over one log, the first is left to chance,
   * and the next is taken whenever a request fails in a way that another server may not.
   */
  readonly url: ServerAddress;
  /**
   * Headers of every request; a function is asked before each one, the repeated ones among them, so that a token is always
   * fresh.
   */
  readonly headers?: HttpFields | (() => HttpFields | Promise<HttpFields>);
  /** Parameters of the query of every request; a function is asked before each one. */
  readonly params?: HttpFields | (() => HttpFields | Promise<HttpFields>);
  /** Default: the platform's own. */
  readonly fetch?: HttpFetch;
  /** When and how often requests are repeated. */
  readonly retry?: HttpRetryOptions;
  /** How long the server may be silent when it is its turn, before the connection counts as broken. Default 90 000. */
  readonly idleMs?: number;
  /** Ends everything at once; what was asked for rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Hears `retry`. */
  readonly probe?: Probe;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** @internal Options that have been found good. */
export interface HttpRules {
  readonly addresses: Addresses;
  readonly headers: () => Promise<HttpFields>;
  readonly params: () => Promise<HttpFields>;
  readonly fetch: HttpFetch;
  readonly retry: RetryRules;
  readonly idleMs: number;
  readonly signal: AbortSignal;
  readonly probe: Probe | undefined;
  readonly scheduler: SchedulerLike;
}

/** @internal Checks the options every request shares. @throws TypeError or RangeError naming the wrong one */
export function httpRules(options: HttpOptions): HttpRules {
  const { probe, scheduler = asyncScheduler, fetch = platformFetch } = options;
  checkKind('fetch', fetch, 'function');
  const retry = retryRules(options.retry);
  return {
    addresses: createAddresses(options.url, checkHttpUrl, retry.random),
    headers: fieldsOf('headers', headerName, 'no name of a header', checkHeaderValue, options.headers),
    params: fieldsOf('params', notOurs, "the protocol's own", checkKind, options.params),
    fetch,
    retry,
    idleMs: checkBound('idleMs', options.idleMs ?? 90_000, { max: longestTimer, infinite: true }),
    signal: options.signal ?? new AbortController().signal,
    probe,
    scheduler,
  };
}

const platformFetch: HttpFetch = (url, init) => globalThis.fetch(url, init as RequestInit);

const headerName = /^[!#$%&'*+\-.^`|~\w]+$/;
const notOurs = /^(?!(?:cursor|live|offset)$)/;

/** Asks for fields, and checks each: its key, which is `otherwise` if it does not fit, and its value. */
function fieldsOf(
  name: string,
  key: RegExp,
  otherwise: string,
  checkValue: (name: string, value: unknown) => void,
  fields: HttpOptions['headers'] = {},
): () => Promise<HttpFields> {
  const checked = (given: HttpFields): HttpFields => {
    if (typeof given !== 'object' || given === null) {
      throw new TypeError(`${name} must be an object of strings, got ${kindOf(given)}`);
    }
    for (const [each, value] of Object.entries(given)) {
      if (!key.test(each)) throw new TypeError(`${name} must not have a key that is ${otherwise}`);
      checkValue(`${name}.${each}`, value);
    }
    return given;
  };
  if (typeof fields !== 'function') {
    checked(fields);
    return async () => fields;
  }
  return async () => {
    try {
      return checked(await fields());
    } catch (error) {
      throw callbackError(name, error);
    }
  };
}

/** @internal Checks what goes into a header. Nothing in it can begin another. @throws TypeError naming it */
export function checkHeaderValue(name: string, value: unknown): string {
  checkKind(name, value);
  // What `fetch` takes: visible Latin-1, with spaces and tabs between.
  if (/^[\t -~\u0080-\u00ff]*$/.test(value as string)) return value as string;
  throw new TypeError(`${name} must not hold CR, LF or other controls, nor characters beyond Latin-1`);
}
