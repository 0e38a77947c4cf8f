import type { LlmErrorEvent, LlmTrouble } from './event.js';
import { fieldsOf, type Fields, known, listOf, numberOf, textOf, wordOf } from './fields.js';

/** @internal What is known of a trouble where it is noticed. */
export type TroubleFacts = Partial<Pick<LlmErrorEvent, 'code' | 'status' | 'retryAfterMs' | 'retryable'>>;

/**
 * Trouble on the way, before it is known how much had come.
 *
 * @internal
 */
export class Trouble extends Error {
  constructor(
    readonly kind: LlmTrouble | 'aborted',
    message: string,
    readonly facts: TroubleFacts = {},
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/** @internal The data have ended too early. */
export function truncated(message = 'the data end before the answer does'): Trouble {
  return new Trouble('truncated', message, { retryable: true });
}

/** Statuses that may be others later. */
const passing = (status: number): boolean => status === 408 || status === 409 || status === 429 || status >= 500;

/** Words of providers for what may be different later. */
const passingWords =
  /^(?:overloaded_error|api_error|timeout_error|rate_limit_error|rate_limit_exceeded|server_error|internal_server_error|UNAVAILABLE|RESOURCE_EXHAUSTED|INTERNAL|DEADLINE_EXCEEDED|ABORTED)$/;

/** Words for what stays as it is, whatever the status says. */
const lasting = /^(?:insufficient_quota|billing_hard_limit_reached)$/;

/**
 * What a provider calls an error, in any of its shapes: text, `{ message }`, or either of them within `error`.
 *
 * @internal
 */
export function providerTrouble(value: unknown, facts: TroubleFacts = {}, cause?: unknown): Trouble {
  const error = innermost(value);
  const fields = fieldsOf(error);
  const message = typeof error === 'string' ? error : messageOf(fields);
  const status = facts.status ?? statusOf(fields);
  const words = [fields['code'], fields['status'], fields['type']].flatMap((word) => wordOf(word) ?? []);
  const code = words[0] ?? (numberOf(fields['code']) === undefined ? undefined : `${numberOf(fields['code'])}`);
  const retryable =
    !words.some((word) => lasting.test(word)) &&
    ((status !== undefined && passing(status)) || words.some((word) => passingWords.test(word)));
  const retryAfterMs = facts.retryAfterMs ?? retryDelay(fields);
  const all = known<TroubleFacts>({ code: facts.code ?? code, status, retryable, retryAfterMs });
  return new Trouble('provider', message.slice(0, 2000).toWellFormed(), all, cause);
}

/** Some put an error into an error. */
function innermost(value: unknown, depth = 4): unknown {
  const { error } = fieldsOf(value);
  const further = depth > 0 && (typeof error === 'string' || (typeof error === 'object' && error !== null));
  return further ? innermost(error, depth - 1) : value;
}

function messageOf(fields: Fields): string {
  for (const name of ['message', 'detail', 'code', 'type']) {
    const word = wordOf(fields[name]);
    if (word !== undefined) return word;
  }
  return 'the provider reports an error';
}

function statusOf(fields: Fields): number | undefined {
  for (const name of ['status_code', 'status', 'code']) {
    const status = numberOf(fields[name]);
    if (status !== undefined && status >= 400 && status < 600) return status;
  }
  return undefined;
}

/** Google's `RetryInfo`: `{ retryDelay: "7.5s" }`. */
function retryDelay(fields: Fields): number | undefined {
  for (const { retryDelay: delay } of listOf(fields['details'])) {
    const seconds = /^(\d+(?:\.\d+)?)s$/.exec(textOf(delay))?.[1];
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000);
  }
  return undefined;
}

/**
 * When the headers of an answer say to come back.
 *
 * @internal
 */
export function retryAfter(headers: unknown, now: number): number | undefined {
  const get = (name: string): string => {
    const { get: method, [name]: field } = fieldsOf(headers);
    return textOf(typeof method === 'function' ? (method.call(headers, name) as unknown) : field);
  };
  const ms = get('retry-after-ms');
  if (/^\d+(?:\.\d+)?$/.test(ms)) return Math.ceil(Number(ms));
  const after = get('retry-after');
  if (/^\d+(?:\.\d+)?$/.test(after)) return Math.ceil(Number(after) * 1000);
  const date = Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** What SDKs say, in plain errors, when the data end too early. */
const cutShort = /^Incomplete JSON segment at the end|^Did not receive done or success response/;

/**
 * Trouble of whatever an SDK, `fetch` or a stream has thrown.
 *
 * @param aborted - whether we have asked for it
 *
 * @internal
 */
export function toTrouble(thrown: unknown, aborted: boolean, now: number): Trouble {
  if (thrown instanceof Trouble) return thrown;
  const fields = fieldsOf(thrown);
  const message = textOf(fields['message']) || String(thrown);
  const className = classOf(fields);
  if (aborted || fields['name'] === 'AbortError' || className === 'APIUserAbortError') {
    return new Trouble('aborted', message, {}, thrown);
  }
  if (cutShort.test(message)) return truncated(message);
  const status = numberOf(fields['status']) ?? numberOf(fields['status_code']);
  if (status !== undefined || Object.keys(fieldsOf(fields['error'])).length > 0) {
    const facts = known<TroubleFacts>({ status, retryAfterMs: retryAfter(fields['headers'], now) });
    return providerTrouble(describes(fields['error']) ? fields['error'] : jsonOr(message), facts, thrown);
  }
  if (thrown instanceof SyntaxError) return new Trouble('malformed', message, {}, thrown);
  if (failedConnection(fields)) return new Trouble('transport', message, { retryable: true }, thrown);
  return new Trouble('provider', message, { retryable: false }, thrown);
}

/** The clients' classes are not ours to import. */
function classOf({ constructor }: Fields): string {
  return typeof constructor === 'function' ? constructor.name : '';
}

function describes(error: unknown): boolean {
  return Object.keys(fieldsOf(error)).length > 0;
}

/** Some put the body of an answer into their message. */
function jsonOr(message: string): unknown {
  try {
    return JSON.parse(message) as unknown;
  } catch {
    return message;
  }
}

/** `fetch` throws a TypeError; sockets throw errors with a code of the system, also as a cause. */
function failedConnection(fields: Fields): boolean {
  if (fields instanceof TypeError || classOf(fields).startsWith('APIConnection')) return true;
  const { code } = fieldsOf(fields['cause']);
  return [fields['code'], code].some((word) => /^(?:E[A-Z]{3,}|UND_ERR_|ERR_STREAM_)/.test(textOf(word)));
}
