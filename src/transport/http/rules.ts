import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { callbackError } from '../../../operators/operate.js';
import { checkBound, kindOf } from '../../chunk/index.js';
import type { Probe } from '../../probe/index.js';
import { type Addresses, createAddresses, type ServerAddress } from '../addresses.js';
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
  readonly probe: Probe | undefined;
  readonly scheduler: SchedulerLike;
}

/** @internal Checks the options every request shares. @throws TypeError or RangeError naming the wrong one */
export function httpRules(options: HttpOptions): HttpRules {
  const { probe, scheduler = asyncScheduler, fetch = platformFetch } = options;
  if (typeof fetch !== 'function') throw new TypeError(`fetch must be a function, got ${kindOf(fetch)}`);
  const retry = retryRules(options.retry);
  return {
    addresses: createAddresses(options.url, checkUrl, retry.random),
    headers: fieldsOf('headers', options.headers, checkHeader),
    params: fieldsOf('params', options.params, checkParam),
    fetch,
    retry,
    idleMs: checkBound('idleMs', options.idleMs ?? 90_000, { max: longestTimer, infinite: true }),
    probe,
    scheduler,
  };
}

const platformFetch: HttpFetch = (url, init) => globalThis.fetch(url, init as RequestInit);

function checkUrl(url: unknown): string {
  const text = url instanceof URL ? url.href : url;
  const parsed = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw new TypeError(`url must be an http: or https: address, got ${kindOf(url)}`);
  }
  // `fetch` takes none, and names them in its error.
  if (parsed.username !== '' || parsed.password !== '') throw new TypeError('url must not hold a name or password');
  return parsed.href;
}

type Check = (name: string, key: string, value: unknown) => void;

function fieldsOf(name: string, fields: HttpOptions['headers'], check: Check): () => Promise<HttpFields> {
  if (typeof fields !== 'function') {
    const fixed = checkFields(name, fields === undefined ? {} : fields, check);
    return () => Promise.resolve(fixed);
  }
  return async () => {
    try {
      return checkFields(name, await fields(), check);
    } catch (error) {
      throw callbackError(name, error);
    }
  };
}

function checkFields(name: string, fields: unknown, check: Check): HttpFields {
  if (typeof fields !== 'object' || fields === null) {
    throw new TypeError(`${name} must be an object of strings, got ${kindOf(fields)}`);
  }
  for (const [key, value] of Object.entries(fields)) check(name, key, value);
  return fields as HttpFields;
}

function checkHeader(name: string, key: string, value: unknown): void {
  if (!token.test(key)) throw new TypeError(`${name} must not have a key that is no name of a header`);
  checkHeaderValue(`${name}.${key}`, value);
}

const token = /^[!#$%&'*+\-.^`|~\w]+$/;
// What `fetch` takes: visible Latin-1, with spaces and tabs between.
const headerText = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** @internal Checks what goes into a header. Nothing in it can begin another. @throws TypeError naming it */
export function checkHeaderValue(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string, got ${kindOf(value)}`);
  if (headerText.test(value)) return value;
  const controls = /[^\t\u0020-\u{10ffff}]|\u007f/u.test(value);
  throw new TypeError(`${name} must not hold ${controls ? 'CR, LF or other controls' : 'characters beyond Latin-1'}`);
}

function checkParam(name: string, key: string, value: unknown): void {
  if (reserved.has(key)) throw new TypeError(`${name}.${key} is the protocol's own`);
  if (typeof value !== 'string') throw new TypeError(`${name}.${key} must be a string, got ${kindOf(value)}`);
}

const reserved = new Set(['cursor', 'live', 'offset']);
