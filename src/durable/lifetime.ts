import type { JsonObject } from '../chunk/index.js';
import { Refusal } from './reply.js';
import { readCount } from './request.js';

/** @internal How long a stream lives: so many seconds after it was last used, or until a time. */
export interface Lifetime {
  readonly ttl?: number;
  /** As it was written. */
  readonly expiresAt?: string;
}

const timestamp = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** @internal Whether text is a time as `Stream-Expires-At` says it. */
export function isTime(text: string): boolean {
  return timestamp.test(text) && !Number.isNaN(Date.parse(text));
}

/** @internal Reads the lifetime a stream is to be created with. */
export function readLifetime(ttl: string | undefined, expiresAt: string | undefined): Lifetime {
  if (ttl !== undefined && expiresAt !== undefined) {
    throw new Refusal(400, 'header-invalid', 'a stream has a Stream-TTL or a Stream-Expires-At, not both');
  }
  if (ttl !== undefined) return { ttl: readCount('Stream-TTL', ttl) };
  if (expiresAt === undefined) return {};
  if (isTime(expiresAt)) return { expiresAt };
  throw new Refusal(400, 'header-invalid', 'Stream-Expires-At must be a time of RFC 3339');
}

/** @internal Whether two lifetimes are the same: times are compared as times. */
export function sameLifetime(a: Lifetime, b: Lifetime): boolean {
  if (a.ttl !== b.ttl || (a.expiresAt === undefined) !== (b.expiresAt === undefined)) return false;
  return a.expiresAt === undefined || Date.parse(a.expiresAt) === Date.parse(b.expiresAt!);
}

/** @internal When a stream is over that was last used at `usedAt`; `Infinity` when it has no lifetime. */
export function deadlineOf({ ttl, expiresAt }: Lifetime, usedAt: number): number {
  if (ttl !== undefined) return usedAt + ttl * 1000;
  return expiresAt === undefined ? Infinity : Date.parse(expiresAt);
}

/** @internal The headers that tell of a lifetime. */
export function lifetimeHeaders({ ttl, expiresAt }: Lifetime): Record<string, string> {
  if (ttl !== undefined) return { 'stream-ttl': `${ttl}` };
  return expiresAt === undefined ? {} : { 'stream-expires-at': expiresAt };
}

/** @internal A lifetime as JSON. */
export function lifetimeJson({ ttl, expiresAt }: Lifetime): JsonObject {
  if (ttl !== undefined) return { ttl };
  return expiresAt === undefined ? {} : { expiresAt };
}
