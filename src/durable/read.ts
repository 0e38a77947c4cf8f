import type { SchedulerLike } from 'rxjs';
import type { Log, LogSlice } from '../log/log.js';
import { lifetimeHeaders } from './lifetime.js';
import { awaitPage, Live } from './live.js';
import { chunkTypeOf } from './media-type.js';
import { formatOffset, parseOffset, type Place } from './offset.js';
import { bodyOf, isBase64, sizeOf } from './page.js';
import { Replay, replayLimit, type ReplayOptions } from './replay.js';
import { answer, Refusal, type Reply } from './reply.js';
import { type DurableRequest, single } from './request.js';
import { baseOf, madeOf, type StreamRecord, tailOf } from './stream-record.js';
import type { Follower } from './groups.js';
import type { Tail } from './tail.js';
import { nextCursor } from './cursor.js';

/** @internal What a request to read asks for. */
export interface ReadWish {
  readonly place: Place;
  readonly live: 'no' | 'long-poll' | 'sse';
  readonly cursor: number | undefined;
}

const wholeCursor = /^\d{1,15}$/;

/** @internal Reads what a request to read asks for. */
export function readRead(query: URLSearchParams): ReadWish {
  const offset = single(query, 'offset');
  const live = single(query, 'live') ?? 'no';
  const cursor = single(query, 'cursor');
  if (live !== 'no' && live !== 'long-poll' && live !== 'sse') {
    throw new Refusal(400, 'query-invalid', 'live must be long-poll or sse');
  }
  if (offset === undefined && live !== 'no') throw new Refusal(400, 'query-invalid', 'a live read needs an offset');
  const place = offset === undefined ? 'start' : parseOffset(offset);
  if (place === undefined) {
    throw new Refusal(400, 'offset-invalid', 'offset must be -1, now, or what Stream-Next-Offset said');
  }
  const known = cursor !== undefined && wholeCursor.test(cursor);
  return { place, live, cursor: known ? Number(cursor) : undefined };
}

/** @internal Whether a condition of a request names an entity tag. */
export function matches(condition: string | undefined, tag: string): boolean {
  if (condition === undefined) return false;
  return condition.split(',').some((each) => ['*', tag].includes(each.trim().replace(/^W\//, '')));
}

/** What {@link Reads} needs. */
interface Surroundings {
  readonly log: Log;
  readonly join: (record: StreamRecord, follower: Follower) => Tail;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
  readonly longPollTimeoutMs: number;
  readonly eventStreamMs: number;
  readonly heartbeatMs: number;
  /** Who may keep an answer: everybody on the way, or the reader alone. */
  readonly cache: 'public' | 'private';
}

const maxAgeSeconds = 60;

/** @internal Answers reads: what is kept, and what comes. */
export class Reads {
  constructor(private readonly surroundings: Surroundings) {}

  /** What is known of a stream, without what is in it. */
  head(record: StreamRecord): Reply {
    const closed: Record<string, string> = record.closed ? { 'stream-closed': 'true' } : {};
    return answer(200, {
      'content-type': record.mediaType,
      'cache-control': 'no-store',
      'stream-next-offset': tailOf(record),
      ...lifetimeHeaders(record.lifetime),
      ...closed,
    });
  }

  /** @param restMs - no answer lasts longer */
  async read(
    record: StreamRecord,
    wish: ReadWish,
    request: Pick<DurableRequest, 'header' | 'signal'>,
    restMs = Infinity,
  ): Promise<Reply> {
    const from = this.placeOf(record, wish);
    if (wish.live === 'sse') return this.sse(record, from, wish, restMs);
    if (wish.live === 'long-poll') return await this.longPoll(record, from, wish, { signal: request.signal, restMs });
    return await this.catchUp(record, from, wish, { condition: request.header('if-none-match'), restMs });
  }

  /** Number of the chunk to begin with. */
  private placeOf({ info, fork }: StreamRecord, { place }: ReadWish): number {
    if (place === 'start') return info.first;
    if (place === 'now') return info.next;
    const seq = place - baseOf({ fork });
    if (seq < info.first) throw gone();
    if (seq > info.next) throw new Refusal(400, 'offset-invalid', 'the offset is beyond the end of the stream');
    return seq;
  }

  private async catchUp(
    record: StreamRecord,
    from: number,
    wish: ReadWish,
    { condition, restMs }: { readonly condition: string | undefined; readonly restMs: number },
  ): Promise<Reply> {
    const { log } = this.surroundings;
    const now = wish.place === 'now';
    const slice = await log.read(record.name, from, replayLimit);
    if (slice.from > from && wish.place !== 'start') throw gone();
    const shown: LogSlice = now ? { ...slice, from: slice.next, chunks: [] } : slice;
    const headers = this.headersOf(record, shown.next, true, shown.end !== undefined);
    if (now) headers['cache-control'] = 'no-store';
    else {
      const tag = `"${record.info.createdAt.toString(36)}:${shown.from}:${shown.next}${shown.end === undefined ? '' : ':c'}"`;
      headers['etag'] = tag;
      headers['cache-control'] = this.cacheControl(record);
      if (matches(condition, tag)) return answer(304, headers);
    }
    const whole = shown.from + shown.chunks.length >= shown.next && isShort(sizeOf(shown.chunks));
    const body = whole ? bodyOf(chunkTypeOf(record.mediaType), shown.chunks) : this.replay(record, shown, restMs);
    return { status: 200, headers, body };
  }

  private replay(record: StreamRecord, slice: ReplayOptions['slice'], restMs: number): Replay {
    const { log, scheduler } = this.surroundings;
    return new Replay({ log, stream: madeOf(record), type: chunkTypeOf(record.mediaType), slice, scheduler, restMs });
  }

  private async longPoll(
    record: StreamRecord,
    from: number,
    wish: ReadWish,
    { signal, restMs }: { readonly signal: AbortSignal; readonly restMs: number },
  ): Promise<Reply> {
    const { scheduler, longPollTimeoutMs, join } = this.surroundings;
    const enter = (follower: Follower): Tail => join(record, follower);
    const page = await awaitPage(from, enter, { scheduler, timeoutMs: Math.min(longPollTimeoutMs, restMs), signal });
    const cursor = `${this.cursor(wish)}`;
    if (page === undefined || page.empty) {
      const headers = this.headersOf(record, page?.to ?? from, true, page !== undefined);
      headers['cache-control'] = 'no-store';
      if (page === undefined) headers['stream-cursor'] = cursor;
      return answer(204, headers);
    }
    const headers = this.headersOf(record, page.to, page.upToDate, page.ended);
    const tag = `"${record.info.createdAt.toString(36)}:${page.from}:${page.to}${page.ended ? ':c' : ''}"`;
    headers['etag'] = tag;
    headers['cache-control'] = this.cacheControl(record);
    headers['stream-cursor'] = cursor;
    const body = isShort(page.size) ? page.asBody() : this.replay(record, page.asSlice(), restMs);
    return { status: 200, headers, body };
  }

  private sse(record: StreamRecord, from: number, wish: ReadWish, restMs: number): Reply {
    const { scheduler, random, eventStreamMs, heartbeatMs, join } = this.surroundings;
    const headers: Record<string, string> = {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      // Or nginx would collect events until its buffer is full.
      'x-accel-buffering': 'no',
      ...(isBase64(chunkTypeOf(record.mediaType)) ? { 'stream-sse-data-encoding': 'base64' } : {}),
    };
    const body = new Live({
      from,
      cursor: () => this.cursor(wish),
      join: (follower) => join(record, follower),
      scheduler,
      // Those who came together do not come back together.
      lifetimeMs: Math.min(restMs, Math.ceil(eventStreamMs * (1 + random() / 10))),
      heartbeatMs,
    });
    return { status: 200, headers, body };
  }

  private cursor({ cursor }: ReadWish): number {
    const { scheduler, random } = this.surroundings;
    return nextCursor(scheduler.now(), cursor, random);
  }

  private headersOf(record: StreamRecord, next: number, upToDate: boolean, closed: boolean): Record<string, string> {
    const headers: Record<string, string> = {
      'content-type': record.mediaType,
      'stream-next-offset': formatOffset(next + baseOf(record)),
    };
    if (upToDate) headers['stream-up-to-date'] = 'true';
    if (closed) headers['stream-closed'] = 'true';
    return headers;
  }

  /** Kept no longer than the stream may live. */
  private cacheControl({ lifetime }: StreamRecord): string {
    const { cache, scheduler } = this.surroundings;
    const { ttl = Infinity, expiresAt } = lifetime;
    const left = expiresAt === undefined ? ttl : Math.floor((Date.parse(expiresAt) - scheduler.now()) / 1000);
    if (left < maxAgeSeconds) return `${cache}, max-age=${Math.max(0, left)}`;
    return `${cache}, max-age=${maxAgeSeconds}, stale-while-revalidate=300`;
  }
}

/** Whether so much is answered as a whole. A chunk may be longer: that is let go again where there is no room for it. */
function isShort(bytes: number): boolean {
  return bytes <= replayLimit.bytes;
}

function gone(): Refusal {
  return new Refusal(410, 'gap', 'what was there is no longer kept');
}
