import { ownerKey } from '../auth/auth.js';
import type { ChunkType, EncodedChunk } from '../chunk/index.js';
import type { Log, MaybePromise, StreamConfig } from '../log/log.js';
import type { Streams } from '../streams/index.js';
import type { Asker } from './asker.js';
import { encodeBody } from './body.js';
import { type Lifetime, readLifetime, sameLifetime } from './lifetime.js';
import { chunkTypeOf, defaultMediaType, essenceOf, isMediaType } from './media-type.js';
import { formatOffset, parseOffset } from './offset.js';
import { type Made, readSame } from './read-same.js';
import type { Registry } from './registry.js';
import { renderChunks } from './render.js';
import { answer, Refusal, type Reply } from './reply.js';
import { type DurableRequest, isBook, isTrue, nameOfPath, readCount } from './request.js';
import { baseOf, type ForkOrigin, madeOf, type StreamRecord, tailOf, writeNote } from './stream-record.js';

/** @internal What a request to create a stream asks for. */
export interface Wish {
  readonly mediaType: string | undefined;
  readonly lifetime: Lifetime;
  readonly closed: boolean;
  readonly fork: ForkWish | undefined;
}

/** @internal What is to be forked, and where. */
export interface ForkWish {
  readonly path: string;
  readonly offset: string | undefined;
  readonly sub: number;
}

/** @internal Reads what a request to create a stream asks for. */
export function readWish(request: Pick<DurableRequest, 'header'>): Wish {
  const mediaType = request.header('content-type');
  if (mediaType !== undefined && !isMediaType(mediaType)) {
    throw new Refusal(400, 'header-invalid', 'Content-Type must be a media type, such as text/plain');
  }
  return {
    mediaType,
    lifetime: readLifetime(request.header('stream-ttl'), request.header('stream-expires-at')),
    closed: isTrue(request.header('stream-closed')),
    fork: readFork(request),
  };
}

function readFork(request: Pick<DurableRequest, 'header'>): ForkWish | undefined {
  const path = request.header('stream-forked-from');
  const offset = request.header('stream-fork-offset');
  const sub = request.header('stream-fork-sub-offset');
  if (path === undefined) {
    if (offset === undefined && sub === undefined) return undefined;
    throw new Refusal(400, 'header-invalid', 'Stream-Fork-Offset and Stream-Fork-Sub-Offset need a Stream-Forked-From');
  }
  return { path, offset, sub: sub === undefined ? 0 : readCount('Stream-Fork-Sub-Offset', sub) };
}

/** @internal Whether a stream that is there is the one that is asked for. What a fork takes from its source need not be said. */
export function isAsWished({ mediaType, lifetime, closed, fork }: StreamRecord, wish: Wish, rootPath: string): boolean {
  const wanted = wish.fork;
  if (closed !== wish.closed || (fork === undefined) !== (wanted === undefined)) return false;
  if (fork === undefined || wanted === undefined) {
    return (
      essenceOf(mediaType) === essenceOf(wish.mediaType ?? defaultMediaType) && sameLifetime(lifetime, wish.lifetime)
    );
  }
  const { ttl, expiresAt } = wish.lifetime;
  return (
    fork.from === nameOfPath(wanted.path, rootPath) &&
    (wanted.offset === undefined || samePlace(wanted.offset, fork)) &&
    wanted.sub === fork.sub &&
    (wish.mediaType === undefined || essenceOf(wish.mediaType) === essenceOf(mediaType)) &&
    ((ttl === undefined && expiresAt === undefined) || sameLifetime(lifetime, wish.lifetime))
  );
}

function samePlace(offset: string, { at, base }: ForkOrigin): boolean {
  const place = parseOffset(offset);
  const seq = place === 'start' ? base : place;
  return typeof seq === 'number' && formatOffset(seq) === at;
}

/** What {@link Creator} needs. */
interface Surroundings {
  readonly streams: Streams;
  readonly registry: Registry;
  readonly now: () => number;
  readonly rootPath: string;
  readonly maxMessages: number;
  readonly asker: Asker;
  /** Chunks are about to be kept, taken over ones among them. */
  readonly count: (chunks: number) => MaybePromise<void>;
}

/** A stream that is to be made. */
interface Making {
  readonly name: string;
  /** Where it will be found. */
  readonly url: string;
  /** Whose it will be; `''` for nobody's. */
  readonly owner: string;
}

/** What is forked, and where. */
interface ForkSource extends Omit<ForkWish, 'path'> {
  readonly record: StreamRecord;
}

const copyLimit = { chunks: 1024, bytes: 1 << 20 };

/** @internal Creates streams: empty ones, ones with content, and forks. */
export class Creator {
  private readonly log: Log;

  constructor(private readonly surroundings: Surroundings) {
    this.log = surroundings.streams.log;
  }

  /** Creates the stream, unless it is there. `url` is where it is found. */
  create(name: string, wish: Wish, body: Uint8Array, url: string): Promise<Reply> {
    const { registry, asker } = this.surroundings;
    return registry.change(name, async () => {
      const known = await registry.lookAlive(name);
      const unfinished = known?.fork !== undefined && known.info.next < known.fork.count;
      if (known !== undefined && !unfinished) return await this.confirm(known, wish);
      // Somebody may still be making it, through another server.
      if (known !== undefined) await asker.check('delete', name, known.info);
      const source = wish.fork === undefined ? undefined : await this.sourceOf(name, wish.fork);
      const owner = await asker.checkCreate(name);
      if (known === undefined && (await registry.forks.isDeleted(name))) {
        throw new Refusal(
          409,
          'stream-exists',
          'the name is taken by a stream that was deleted while there were forks of it',
        );
      }
      // Whoever made it died over it.
      if (known !== undefined) await registry.remove(known);
      if (source === undefined) return this.plain({ name, url, owner }, wish, body);
      return this.fork({ name, url, owner }, wish, source, body);
    });
  }

  private async confirm(known: StreamRecord, wish: Wish): Promise<Reply> {
    const { registry, rootPath, asker } = this.surroundings;
    await asker.check('read', known.name, known.info);
    if (!isAsWished(known, wish, rootPath)) {
      const headers = known.closed ? { 'stream-closed': 'true' } : {};
      throw new Refusal(409, 'stream-exists', 'there is a stream of this name, of another kind', headers);
    }
    registry.touch(known);
    return answer(200, this.headers(known));
  }

  private async plain(making: Making, wish: Wish, body: Uint8Array): Promise<Reply> {
    const contentType = wish.mediaType ?? defaultMediaType;
    const chunks = this.encode(body, contentType);
    await this.surroundings.count(chunks.length);
    const note = writeNote({ lifetime: wish.lifetime }, making.owner);
    const made = await this.make(making, { contentType, ttlMs: Infinity, ...note });
    return this.finish(making, made, chunks, 0, wish.closed);
  }

  /** What is to be forked. What somebody may not read, he may not copy. */
  private async sourceOf(name: string, { path, offset, sub }: ForkWish): Promise<ForkSource> {
    const { registry, rootPath, asker } = this.surroundings;
    const from = nameOfPath(path, rootPath);
    if (from === undefined || from === name || isBook(from)) throw await this.noSource(from);
    const record = await registry.peek(from);
    await asker.check('read', from, record?.info);
    if (record === undefined) throw await this.noSource(from);
    return { record, offset, sub };
  }

  private async fork(
    making: Making,
    wish: Wish,
    { record: source, offset, sub }: ForkSource,
    body: Uint8Array,
  ): Promise<Reply> {
    const { registry } = this.surroundings;
    const { name } = making;
    if (wish.mediaType !== undefined && essenceOf(wish.mediaType) !== essenceOf(source.mediaType)) {
      throw new Refusal(409, 'content-type-mismatch', `a fork has the media type of its source, ${source.mediaType}`);
    }
    const type = chunkTypeOf(source.mediaType);
    const count = this.countOf(source, offset);
    const rest = sub === 0 ? [] : await this.cut(source, count, sub, type);
    const chunks = this.encode(body, source.mediaType);
    const { ttl, expiresAt } = wish.lifetime;
    const first = source.info.first;
    const origin: ForkOrigin = {
      from: source.name,
      at: formatOffset(count + baseOf(source)),
      sub,
      count: count - first + rest.length,
      base: first + baseOf(source),
    };
    await this.surroundings.count(origin.count + chunks.length);
    const lifetime = ttl === undefined && expiresAt === undefined ? source.lifetime : wish.lifetime;
    if (!(await registry.forks.fork(name, source.name))) throw await this.noSource(source.name);
    const note = writeNote({ lifetime, fork: origin }, making.owner);
    const made = await this.make(making, { contentType: source.mediaType, ttlMs: Infinity, ...note });
    registry.touch(source);
    await this.copy(madeOf(source), madeOf(made), first, count);
    if (rest.length > 0) await this.log.append(name, rest, { life: made.info.life });
    return this.finish(making, made, chunks, origin.count, wish.closed);
  }

  private async noSource(from: string | undefined): Promise<Refusal> {
    const deleted = from !== undefined && (await this.surroundings.registry.forks.isDeleted(from));
    return deleted
      ? new Refusal(409, 'stream-not-found', 'the source was deleted')
      : new Refusal(404, 'stream-not-found', 'there is no such stream to fork');
  }

  /** Number of the first chunk that a fork at an offset does not take over. */
  private countOf(source: StreamRecord, offset: string | undefined): number {
    const { first, next } = source.info;
    if (offset === undefined) return next;
    const place = parseOffset(offset);
    const count = place === 'start' ? first : typeof place === 'number' ? place - baseOf(source) : NaN;
    if (count >= first && count <= next) return count;
    throw new Refusal(400, 'offset-invalid', 'Stream-Fork-Offset must be an offset of the source');
  }

  /** What a fork takes over behind its offset: so many messages of JSON, of all else so many bytes of the next append. */
  private async cut(source: StreamRecord, from: number, sub: number, type: ChunkType): Promise<EncodedChunk[]> {
    const beyond = new Refusal(400, 'offset-invalid', 'Stream-Fork-Sub-Offset is beyond what was appended there');
    if (from >= source.info.next) throw beyond;
    if (type === 'json') {
      if (from + sub > source.info.next || sub > this.surroundings.maxMessages) throw beyond;
      const messages: EncodedChunk[] = [];
      while (messages.length < sub) {
        const limit = { ...copyLimit, chunks: Math.min(copyLimit.chunks, sub - messages.length) };
        const { chunks } = await readSame(this.log, madeOf(source), from + messages.length, limit);
        if (chunks.length === 0) throw beyond;
        messages.push(...chunks);
      }
      return messages;
    }
    const { chunks } = await readSame(this.log, madeOf(source), from, { chunks: 1, bytes: 1 });
    const bytes = renderChunks(type, chunks);
    if (sub > bytes.length) throw beyond;
    return encodeBody(bytes.slice(0, sub), { type, timestamp: this.surroundings.now() });
  }

  private async copy(source: Made, { name, life }: Made, first: number, to: number): Promise<void> {
    for (let next = first; next < to;) {
      const limit = { ...copyLimit, chunks: Math.min(copyLimit.chunks, to - next) };
      const { from, chunks } = await readSame(this.log, source, next, limit);
      if (from !== next || chunks.length === 0) {
        throw new Refusal(409, 'gap', 'the source has lost what was to be taken over');
      }
      await this.log.append(name, chunks, { life });
      next += chunks.length;
    }
  }

  private encode(body: Uint8Array, mediaType: string): EncodedChunk[] {
    if (body.length === 0) return [];
    const { now, maxMessages } = this.surroundings;
    return encodeBody(body, { type: chunkTypeOf(mediaType), timestamp: now(), maxMessages });
  }

  /** Makes a stream, unless the same was made elsewhere at this moment. */
  private async make({ name, owner }: Making, config: StreamConfig): Promise<StreamRecord> {
    const { registry } = this.surroundings;
    await registry.create(name, config);
    const made = await registry.look(name);
    // It may have gone since, and somebody else's have come.
    if (made === undefined || (made.info.metadata?.[ownerKey] ?? '') !== owner) return await registry.refuse(name);
    return made;
  }

  private async finish(
    { name, url }: Making,
    made: StreamRecord,
    chunks: readonly EncodedChunk[],
    at: number,
    closed: boolean,
  ): Promise<Reply> {
    const { streams, registry } = this.surroundings;
    const { life } = made.info;
    const close = closed ? { close: { status: 'completed' as const } } : {};
    // Another server on the same log may have made the same stream at the same time: one of them fills it.
    if (closed || chunks.length > 0) await streams.append(name, chunks, { at, create: false, life, ...close });
    const record = (await registry.look(name)) ?? made;
    registry.touch(record);
    return answer(201, { location: url, ...this.headers(record) });
  }

  private headers(record: StreamRecord): Record<string, string> {
    return {
      'content-type': record.mediaType,
      'stream-next-offset': tailOf(record),
      ...(record.closed ? { 'stream-closed': 'true' } : {}),
    };
  }
}
