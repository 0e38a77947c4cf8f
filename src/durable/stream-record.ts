import { ownerKey } from '../auth/auth.js';
import { isSeq, type JsonObject, type StreamInfo } from '../chunk/index.js';
import { isTime, type Lifetime, lifetimeJson } from './lifetime.js';
import { formatOffset } from './offset.js';
import type { Made } from './read-same.js';

/** @internal Where a fork comes from. */
export interface ForkOrigin {
  /** Name of the stream it was made of. */
  readonly from: string;
  /** Offset it was made at. */
  readonly at: string;
  readonly sub: number;
  /** How many chunks it takes over: with fewer it is not made yet. */
  readonly count: number;
  /** What its chunk numbers are less than those of the source, of which the first may be gone. */
  readonly base: number;
}

/** @internal What this door keeps with a stream. */
export interface DurableNote {
  readonly lifetime: Lifetime;
  readonly fork?: ForkOrigin | undefined;
}

/** @internal A note as metadata of a stream; nothing where there is nothing to say. */
export function writeNote({ lifetime, fork }: DurableNote, owner = ''): { readonly metadata?: JsonObject } {
  const note: JsonObject = { ...lifetimeJson(lifetime), ...(fork === undefined ? {} : { fork: { ...fork } }) };
  const metadata: JsonObject = {
    ...(Object.keys(note).length === 0 ? {} : { durable: note }),
    ...(owner === '' ? {} : { [ownerKey]: owner }),
  };
  return Object.keys(metadata).length === 0 ? {} : { metadata };
}

const noNote: DurableNote = { lifetime: {} };

/** @internal Reads what {@link writeNote} wrote. Others may have written anything: what it cannot have been is left out. */
export function readNote({ metadata }: StreamInfo): DurableNote {
  if (metadata === undefined) return noNote;
  const note = (metadata['durable'] ?? {}) as { readonly [field in keyof Lifetime | 'fork']?: unknown };
  const fork = isOrigin(note.fork) ? note.fork : undefined;
  if (isSeq(note.ttl)) return { lifetime: { ttl: note.ttl }, fork };
  if (typeof note.expiresAt === 'string' && isTime(note.expiresAt)) {
    return { lifetime: { expiresAt: note.expiresAt }, fork };
  }
  return { lifetime: {}, fork };
}

function isOrigin(value: unknown): value is ForkOrigin {
  const { from, at, sub, count, base } = (value ?? {}) as { readonly [field in keyof ForkOrigin]?: unknown };
  return typeof from === 'string' && typeof at === 'string' && isSeq(sub) && isSeq(count) && isSeq(base);
}

/** @internal A stream as this door knows it. */
export interface StreamRecord extends DurableNote {
  readonly name: string;
  readonly info: StreamInfo;
  readonly mediaType: string;
  readonly closed: boolean;
}

/** @internal What an offset is more than the number of the chunk it stands for. */
export function baseOf({ fork }: Pick<StreamRecord, 'fork'>): number {
  return fork?.base ?? 0;
}

/** @internal The offset behind the newest chunk. */
export function tailOf(record: StreamRecord): string {
  return formatOffset(record.info.next + baseOf(record));
}

/** @internal Which of all streams that ever had its name a stream is. */
export function madeOf({ name, info }: StreamRecord): Made {
  return { name, life: info.life };
}
