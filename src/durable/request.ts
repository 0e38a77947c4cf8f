import type { Principal } from '../auth/auth.js';
import { nameProblem } from '../chunk/index.js';
import type { MaybePromise } from '../log/log.js';
import { Refusal } from './reply.js';

/** A request, as a shell hands it over. */
export interface DurableRequest {
  readonly method: string;
  /** Path and query, as the request line has them. */
  readonly target: string;
  /** What is before the target in addresses, such as `http://127.0.0.1:4437`. */
  readonly origin: string;
  /** Where the streams are, such as `/v1/stream/`: the target begins with it. */
  readonly path: string;
  /** A header by its name in lower case; `undefined` when it is not there. */
  header(name: string): string | undefined;
  /** Who asks, where somebody has found that out. */
  readonly principal?: Principal | undefined;
  /** Remote address, where there is one. */
  readonly address?: string | undefined;
  /** Aborted when the one who asks has gone. */
  readonly signal: AbortSignal;
  /** Takes note of chunks that are about to be kept; rejects where they are too many. Default: nobody counts. */
  readonly count?: ((chunks: number) => Promise<void>) | undefined;
  /** Reads the body, answering at once where it is there: `undefined` as soon as `admits`, which is told how long it is so far, says no. */
  body(admits: (length: number) => boolean): MaybePromise<Uint8Array | undefined>;
}

const smallBody = 8 * 1024;

/** @internal Whether a body may still be on its way: a small one has come with the headers. */
export function isLarge(request: Pick<DurableRequest, 'header'>): boolean {
  return Number(request.header('content-length') ?? Infinity) > smallBody;
}

/** @internal What a request's target names. */
export interface Target {
  /** Below the root, percent-decoded. */
  readonly path: string;
  /** What is asked of the protocol's own place, `__ds`: the segments behind it, percent-decoded. `undefined` when it is not there. */
  readonly control: readonly string[] | undefined;
  readonly query: URLSearchParams;
}

const noQuery = new URLSearchParams();

/** @internal Takes a target apart. Nothing is resolved: `..` is a segment like any other, and no stream's name. */
export function readTarget(target: string, rootPath: string): Target {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  if (!path.startsWith(rootPath)) throw new Refusal(404, 'not-found', 'there is nothing here');
  const rest = path.slice(rootPath.length);
  return {
    path: decode(rest),
    control: isControl(rest) ? rest.split('/').slice(1).map(decode) : undefined,
    query: mark < 0 ? noQuery : new URLSearchParams(target.slice(mark)),
  };
}

function decode(rest: string): string {
  try {
    return rest.includes('%') ? decodeURIComponent(rest) : rest;
  } catch {
    throw new Refusal(400, 'name-invalid', 'the path must be percent-encoded UTF-8');
  }
}

/** @internal The stream that a path in a header names; `undefined` when it can be none of ours. */
export function nameOfPath(path: string, rootPath: string): string | undefined {
  if (!path.startsWith(rootPath)) return undefined;
  const name = decode(path.slice(rootPath.length));
  return nameProblem(name) === undefined ? name : undefined;
}

/** @internal Whether a name or path is the protocol's own, where no stream is. */
export function isControl(path: string): boolean {
  return path === '__ds' || path.startsWith('__ds/');
}

/** @internal Whether a stream is none of an application's: the protocol's own, and what servers write for themselves. */
export function isOurs(name: string): boolean {
  return isControl(name) || name.startsWith('sluice/');
}

/** @internal Whether a stream is one of the books that servers keep, which hold what nobody else is to know. */
export function isBook(name: string): boolean {
  return name.startsWith('sluice/server/');
}

/** @internal Whether a header that counts only when it says `true` does. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && value.toLowerCase() === 'true';
}

const wholeNumber = /^(?:0|[1-9]\d{0,15})$/;

/** @internal Reads a header that holds a whole number, written plainly. */
export function readCount(name: string, value: string): number {
  const count = wholeNumber.test(value) ? Number(value) : NaN;
  if (Number.isSafeInteger(count)) return count;
  throw new Refusal(400, 'header-invalid', `${name} must be a whole number from 0 to 2^53 - 1, in plain digits`);
}

/** @internal Reads the parameter `name`, which may be there once. */
export function single(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  if (values.length <= 1) return values[0];
  throw new Refusal(400, 'query-invalid', `${name} may be said once`);
}
