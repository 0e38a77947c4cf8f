import { type JoinPosition, type Range, toStreamError } from '../chunk/index.js';
import { attempt, type MaybePromise, orElse, whenReady } from '../log/log.js';
import type { Streams } from '../streams/index.js';
import { joinStream, streamRemoved } from '../streams/reader.js';
import { Feed } from './feed.js';
import type { Guest } from './guest.js';
import type { Report } from './report.js';
import { isSecret, reservedName } from './reserved.js';
import type { Session } from './session.js';
import type { Subscription } from './subscription.js';
import type { Turn } from './turn.js';

/** What clients read: a feed for each stream, as long as somebody reads it. */
export class Feeds {
  private readonly byStream = new Map<string, Feed>();
  private channels = 0;

  constructor(
    private readonly streams: Streams,
    private readonly turn: Turn,
    private readonly report: Report,
  ) {}

  /** Has a client read a stream where it may; `known` is the life of it that it has read of before. */
  subscribe(
    session: Session,
    guest: Guest | undefined,
    streamId: string,
    from: JoinPosition,
    known: string | undefined,
  ): void {
    if (isSecret(streamId)) return session.subscribeRefused(streamId, reservedName(streamId));
    attempt(
      () =>
        whenReady(guest?.checkRead(streamId), (permitted) =>
          this.join(session, guest, streamId, from, known, permitted),
        ),
      (error) => session.subscribeRefused(streamId, toStreamError(error, 'internal', { streamId })),
    );
  }

  private join(
    session: Session,
    guest: Guest | undefined,
    streamId: string,
    from: JoinPosition,
    ...lives: readonly (string | undefined)[]
  ): MaybePromise<void> {
    const read = (): MaybePromise<void> =>
      whenReady(joinStream(this.streams, streamId, { from }), ({ life, seq, live, snapshot }) => {
        if (lives.some((one) => (one ?? life) !== life)) throw streamRemoved(streamId);
        const feed = this.feedOf(streamId);
        const subscription = session.subscribed(streamId, feed.ch, seq, snapshot?.chunk, life);
        if (subscription === undefined) {
          guest?.unread();
          return this.release(feed);
        }
        subscription.live = live;
        feed.add(subscription, session);
      });
    if (guest === undefined) return read();
    return orElse(read, (error) => {
      guest.unread();
      throw error;
    });
  }

  private feedOf(streamId: string): Feed {
    const known = this.byStream.get(streamId);
    if (known !== undefined) return known;
    const feed = new Feed(streamId, this.channels++, this.streams, this.turn, this.report);
    this.byStream.set(streamId, feed);
    return feed;
  }

  /** A reader can be sent more than before. */
  offer(subscription: Subscription): void {
    this.byStream.get(subscription.streamId)!.offer(subscription);
  }

  /** A reader asks for chunks again. */
  repair(session: Session, subscription: Subscription, ranges: readonly Range[]): void {
    subscription.gaps.request(ranges);
    this.byStream.get(subscription.streamId)!.repair(subscription, session, ranges);
  }

  /** A reader has gone. */
  remove(subscription: Subscription): void {
    const feed = this.byStream.get(subscription.streamId)!;
    feed.remove(subscription);
    this.release(feed);
  }

  private release(feed: Feed): void {
    if (!feed.idle) return;
    feed.dispose();
    this.byStream.delete(feed.streamId);
  }
}
