import type { SchedulerLike, Subscription } from 'rxjs';
import type { EncodedChunk } from '../../chunk/index.js';
import {
  type ClientFrame,
  closedNormally,
  goingAway,
  nothingHeard,
  type FrameOf,
  type ServerFrame,
  subprotocol,
} from '../../protocol/index.js';
import type { ReadClient } from '../read-client.js';
import {
  type LeaderMessage,
  type LinkMessage,
  listen,
  say,
  type TabChannel,
  type TabChannelClass,
} from './messages.js';
import { Relay } from './relay.js';
import { type Credit, Seat } from './seat.js';

/** How often a link is to be heard of, in milliseconds, and after how many times as long it is given up. */
const pingMs = 30_000;
const patience = 3;

/** What a message between tabs may hold: nothing is encoded on the way, and nothing cut. */
const unbounded = 2 ** 31;

/**
 * What the tab that leads does for all: reads every stream once, over one client, for as many tabs as read it.
 *
 * @internal
 */
export class Hub {
  readonly #relays = new Map<string, Relay>();
  readonly #links = new Map<string, HubLink>();
  readonly #pushing: Subscription;

  readonly #client: ReadClient;
  readonly #Channel: TabChannelClass;
  readonly #scheduler: SchedulerLike;

  constructor(client: ReadClient, Channel: TabChannelClass, scheduler: SchedulerLike) {
    this.#client = client;
    this.#Channel = Channel;
    this.#scheduler = scheduler;
    this.#pushing = client.pushed.subscribe((data) => {
      for (const link of this.#links.values()) link.send({ t: 'push', data });
    });
  }

  /** A tab opens a link, over a channel of its own. It may say so twice: when it asks, and when it hears who leads. */
  accept(name: string): void {
    if (this.#links.has(name)) return;
    const gone = (): void => void this.#links.delete(name);
    this.#links.set(name, new HubLink(new this.#Channel(name), this.#client, this, this.#scheduler, gone));
  }

  relay(streamId: string): Relay {
    const relay = this.#relays.get(streamId) ?? new Relay(streamId, this.#client);
    this.#relays.set(streamId, relay);
    return relay;
  }

  /** A tab reads a stream no more. */
  leave(seat: Seat): void {
    const relay = this.relay(seat.streamId);
    relay.leave(seat);
    if (relay.unused) this.#relays.delete(seat.streamId);
  }

  close(): void {
    this.#pushing.unsubscribe();
    for (const link of this.#links.values()) link.end(goingAway, 'this tab leads no more');
    this.#client.close();
  }
}

/** One tab's link, at the end of the tab that leads. */
class HubLink {
  readonly #seats = new Map<string, Seat>();
  #channels = 0;
  #heardAt: number;
  #watch: Subscription;

  readonly #channel: TabChannel;
  readonly #client: ReadClient;
  readonly #hub: Hub;
  readonly #scheduler: SchedulerLike;
  readonly #gone: () => void;

  constructor(channel: TabChannel, client: ReadClient, hub: Hub, scheduler: SchedulerLike, gone: () => void) {
    this.#channel = channel;
    this.#client = client;
    this.#hub = hub;
    this.#scheduler = scheduler;
    this.#gone = gone;
    this.#heardAt = scheduler.now();
    this.#watch = this.#watchOver();
    listen<LinkMessage>(channel, (message) => this.#hear(message));
    this.send({
      t: 'welcome',
      protocol: subprotocol,
      session: 'shared',
      maxFrame: unbounded,
      pingMs,
      window: { chunks: 1, bytes: 1 },
    });
  }

  #hear(message: LinkMessage): void {
    this.#heardAt = this.#scheduler.now();
    if ('closed' in message) return this.end(closedNormally, '');
    for (const frame of message.frames) this.#obey(frame);
  }

  /** A tab that has crashed says nothing; one that was frozen hears what became of its link when it wakes, and comes back. */
  #watchOver(): Subscription {
    return this.#scheduler.schedule(() => {
      if (this.#scheduler.now() - this.#heardAt > patience * pingMs) this.end(nothingHeard, 'nothing heard');
      else this.#watch = this.#watchOver();
    }, pingMs);
  }

  send(...frames: readonly ServerFrame[]): void {
    this.#post({ frames });
  }

  #post(message: LeaderMessage): void {
    say(this.#channel, message);
  }

  end(code: number, reason: string): void {
    this.#gone();
    this.#watch.unsubscribe();
    for (const seat of this.#seats.values()) this.#hub.leave(seat);
    this.#seats.clear();
    this.#post({ closed: { code, reason } });
    this.#channel.close();
  }

  #obey(frame: ClientFrame<EncodedChunk>): void {
    switch (frame.t) {
      case 'subscribe':
        return this.#subscribe(frame);
      case 'credit':
        return this.#grant(frame.ch, frame);
      case 'unsubscribe':
        return this.#unsubscribe(frame.ch);
      case 'ping':
        for (const [ch, chunks, bytes] of frame.grants) this.#grant(ch, { chunks, bytes });
        return this.send({
          t: 'pong',
          sent: [...this.#seats.values()].flatMap(({ mark }) => (mark === undefined ? [] : [mark])),
        });
      case 'cancel':
        return this.#client.cancel(frame.stream, frame.reason);
      case 'publish':
        return this.#refuse(frame);
      case 'auth':
        // All read as who leads: a tab that says who it is may go on.
        return this.send({ t: 'authenticated' });
      case 'nack':
        // Between tabs nothing is lost that could be asked for again.
        return undefined;
    }
  }

  #subscribe({ stream, from, chunks, bytes }: FrameOf<ClientFrame, 'subscribe'>): void {
    const before = this.#seats.get(stream);
    if (before !== undefined) {
      // Asked again, because the answer takes its time.
      if (before.cursor === undefined) return before.grant({ chunks, bytes });
      this.#hub.leave(before);
    }
    const seat = new Seat(stream, this.#channels++, from, { chunks, bytes }, (frame) => this.send(frame));
    this.#seats.set(stream, seat);
    this.#hub.relay(stream).join(seat);
  }

  #grant(ch: number, credit: Credit): void {
    const seat = this.#seatOf(ch);
    if (seat === undefined) return;
    seat.grant(credit);
    this.#hub.relay(seat.streamId).flush(seat);
  }

  #unsubscribe(ch: number): void {
    const seat = this.#seatOf(ch);
    if (seat !== undefined) {
      this.#seats.delete(seat.streamId);
      this.#hub.leave(seat);
    }
    this.send({ t: 'unsubscribed', ch });
  }

  #seatOf(ch: number): Seat | undefined {
    for (const seat of this.#seats.values()) if (seat.ch === ch) return seat;
    return undefined;
  }

  #refuse({ stream, producer, epoch }: FrameOf<ClientFrame<EncodedChunk>, 'publish'>): void {
    const message = 'a connection that tabs share is for reading: write over one of your own';
    this.send({ t: 'error', code: 'frame-unexpected', message, stream, producer, epoch });
  }
}
