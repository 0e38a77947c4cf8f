import type { SchedulerLike } from 'rxjs';
import { checkName, type StreamInfo } from '../chunk/index.js';
import { attempt, type Log, type MaybePromise, type StreamConfig, whenReady } from '../log/log.js';
import type { Streams } from '../streams/index.js';
import { Forks } from './forks.js';
import { Lifetimes } from './lifetimes.js';
import { defaultMediaType, isMediaType, mediaTypeOf } from './media-type.js';
import { Refusal } from './reply.js';
import { type ForkOrigin, readNote, type StreamRecord } from './stream-record.js';

/** What {@link Registry} needs of its surroundings. */
interface Surroundings {
  readonly streams: Streams;
  readonly scheduler: SchedulerLike;
  /** Whether somebody follows a stream through this door. */
  readonly isFollowed: (name: string) => boolean;
}

/** @internal The streams as this door knows them: what is kept with them, how long they live, what was made of what. */
export class Registry {
  readonly forks: Forks;
  private readonly log: Log;
  private readonly lifetimes: Lifetimes;
  /** What creates or removes a stream is alone with it. */
  private readonly changes = new Map<string, Promise<unknown>>();

  constructor(private readonly surroundings: Surroundings) {
    const { streams, scheduler, isFollowed } = surroundings;
    this.log = streams.log;
    this.forks = new Forks(streams.log, () => scheduler.now());
    this.lifetimes = new Lifetimes({
      scheduler,
      inUse: (name) => isFollowed(name) || streams.readers.slowest(name) !== undefined,
      over: (name) => attempt(() => whenReady(this.find(name), ignore), ignore),
    });
  }

  /** Notes the lifetimes of the streams that are there. */
  async begin(): Promise<void> {
    for (const info of await this.log.list()) {
      const { lifetime } = readNote(info);
      if (lifetime.ttl !== undefined || lifetime.expiresAt !== undefined) await this.find(info.streamId);
    }
  }

  /** Runs work that creates or removes a stream, behind whatever else does. */
  change<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.changes.get(name);
    const done = before === undefined ? work() : before.then(work, work);
    const quiet = done.then(ignore, ignore);
    this.changes.set(name, quiet);
    void quiet.finally(() => {
      if (this.changes.get(name) === quiet) this.changes.delete(name);
    });
    return done;
  }

  /** A stream that is there and not being changed; a {@link Refusal} where there is none. */
  get(name: string): MaybePromise<StreamRecord> {
    return whenReady(this.find(name), (record) => record ?? this.refuse(name));
  }

  /** Says why a stream is not there. */
  async refuse(name: string): Promise<never> {
    throw (await this.forks.isDeleted(name))
      ? new Refusal(410, 'stream-not-found', 'the stream was deleted, and there are forks of it')
      : new Refusal(404, 'stream-not-found', 'there is no such stream');
  }

  /** A stream, once nobody changes it. */
  find(name: string): MaybePromise<StreamRecord | undefined> {
    const change = this.changes.get(name);
    if (change !== undefined) return change.then(() => this.find(name));
    return whenReady(this.look(name), (record) => {
      // It may have gone through another door.
      if (record === undefined) this.lifetimes.forget(name);
      if (record === undefined || !this.lifetimes.isOver(record)) return isWhole(record) ? record : undefined;
      return this.removeIfOver(name);
    });
  }

  private async removeIfOver(name: string): Promise<undefined> {
    await this.change(name, async () => {
      // It may have been used, or made anew, while this waited.
      const now = await this.look(name);
      if (now !== undefined && this.lifetimes.isOver(now)) await this.remove(now);
    });
    return undefined;
  }

  /** A stream as it is now, though somebody may be changing it. */
  async peek(name: string): Promise<StreamRecord | undefined> {
    const record = await this.look(name);
    return isWhole(record) && !this.lifetimes.isOver(record!) ? record : undefined;
  }

  /** A stream as it stands, also one that is over, or a fork that is not made yet. For who is changing it. */
  look(name: string): MaybePromise<StreamRecord | undefined> {
    return whenReady(this.log.info(checkName(name)), (info) =>
      info === undefined ? undefined : whenReady(this.mediaTypeOf(info), (mediaType) => recordOf(info, mediaType)),
    );
  }

  /** {@link look} for who is changing the stream, which removes it when its time is over. */
  async lookAlive(name: string): Promise<StreamRecord | undefined> {
    const record = await this.look(name);
    if (record === undefined || !this.lifetimes.isOver(record)) return record;
    await this.remove(record);
    return undefined;
  }

  async create(name: string, config: StreamConfig): Promise<void> {
    this.lifetimes.forget(name);
    await this.surroundings.streams.create(name, config);
  }

  /** Removes a stream; its name stays blocked while there are forks of it. */
  async remove({ name, info }: StreamRecord): Promise<void> {
    await this.forks.deleted(name);
    this.lifetimes.forget(name);
    await this.surroundings.streams.delete(name, info.life);
  }

  /** A stream is read or written. */
  touch(record: StreamRecord): void {
    this.lifetimes.touch(record);
  }

  dispose(): void {
    this.lifetimes.dispose();
  }

  /** What a stream holds: where nobody said so, what its first chunk is. */
  private mediaTypeOf({ streamId, first, contentType }: StreamInfo): MaybePromise<string> {
    // Whoever created it elsewhere may have said anything, and this becomes a header.
    if (contentType !== undefined && isMediaType(contentType)) return contentType;
    return whenReady(this.log.read(streamId, first, { chunks: 1, bytes: 1 }), ({ chunks }) =>
      chunks.length === 0 ? defaultMediaType : mediaTypeOf(chunks[0]!),
    );
  }
}

function recordOf(info: StreamInfo, mediaType: string): StreamRecord {
  const { lifetime, fork } = readNote(info);
  return { lifetime, fork, name: info.streamId, info, mediaType, closed: info.status !== 'active' };
}

function ignore(): void {}

/** Whether a stream is no fork that its maker died over. */
function isWhole(record: StreamRecord | undefined): boolean {
  const fork: ForkOrigin | undefined = record?.fork;
  return record !== undefined && (fork === undefined || record.info.next >= fork.count);
}
