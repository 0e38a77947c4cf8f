import { type EncodedChunk, type Range, StreamError } from '../chunk/index.js';
import type { ClientFrame, FrameOf } from '../protocol/index.js';
import type { Outbox } from './outbox.js';
import type { SessionActions } from './session-actions.js';
import { endFrame, Subscription } from './subscription.js';

type SubscribeFrame = FrameOf<ClientFrame, 'subscribe'>;

/** Snapshots that had to wait and are looked up again at the same time. */
const maxAskedAgain = 16;

/** What one client reads: the subscriptions in force, and those it has asked for. */
export class Subscriptions implements Iterable<Subscription> {
  private readonly byChannel = new Map<number, Subscription>();
  private readonly byStream = new Map<string, Subscription>();
  /** Those asked for and not yet answered. */
  private readonly opening = new Map<string, SubscribeFrame>();
  /** Those among them whose snapshot waits until the link takes it: it is not held meanwhile, but made anew. */
  private readonly postponed = new Set<string>();

  constructor(
    private readonly max: number,
    private readonly outbox: Outbox,
    private readonly act: Pick<SessionActions, 'subscribe' | 'ready' | 'unsubscribe' | 'repair'>,
  ) {}

  /** Those in force. */
  [Symbol.iterator](): Iterator<Subscription> {
    return this.byChannel.values();
  }

  /** How many there are, or are about to be. */
  get size(): number {
    return this.byStream.size + this.opening.size;
  }

  /** A stream is to be read; perhaps it was asked for before. */
  request(frame: SubscribeFrame): void {
    const { stream, from, chunks, bytes } = frame;
    const known = this.byStream.get(stream);
    if (known !== undefined) {
      if (known.from !== from) return this.readAlready(stream, known.ch);
      // With a snapshot it can be large, and is not put on a heap: what is not answered is asked again.
      if (known.snapshot !== undefined && !this.outbox.roomy) return;
      this.answer(known);
      return this.grant(known, chunks, bytes);
    }
    const asked = this.opening.get(stream);
    if (asked !== undefined) {
      if (asked.from === from) return;
      return this.readAlready(stream);
    }
    if (this.size >= this.max) {
      const message = `a connection may read at most ${this.max} streams`;
      return this.outbox.refuse(new StreamError('limit-reached', message), { stream });
    }
    this.opening.set(stream, frame);
    this.act.subscribe(stream, from, frame.life);
  }

  private readAlready(stream: string, ch?: number): void {
    const error = new StreamError('frame-unexpected', `stream "${stream}" is being read already: unsubscribe first`);
    this.outbox.refuse(error, ch === undefined ? { stream } : { stream, ch });
  }

  /**
   * The stream was found: it is read from number `start` on, where the snapshot stands if there is one. Answers whether it is
   * still wanted, or wanted now.
   */
  open(
    streamId: string,
    ch: number,
    start: number,
    snapshot: EncodedChunk | undefined,
    life: string | undefined,
  ): Subscription | undefined {
    const frame = this.opening.get(streamId);
    if (frame === undefined) return undefined;
    if (snapshot !== undefined && !(this.outbox.roomy && this.outbox.takes(snapshot.length))) {
      this.postponed.add(streamId);
      return undefined;
    }
    this.opening.delete(streamId);
    const subscription = new Subscription(streamId, ch, frame.from, start, frame.chunks, frame.bytes);
    subscription.snapshot = snapshot;
    subscription.life = life;
    this.byChannel.set(ch, subscription);
    this.byStream.set(streamId, subscription);
    this.answer(subscription);
    // It may have been the one frame too many.
    return this.outbox.closed ? undefined : subscription;
  }

  private answer({ streamId: stream, from, life, ch, start: seq, snapshot }: Subscription): void {
    const frame = { t: 'subscribed', stream, from, life, ch, seq } as const;
    if (snapshot === undefined) this.outbox.add(frame);
    else this.outbox.add({ ...frame, chunks: [snapshot] }, snapshot.length);
  }

  /** A stream that was asked for cannot be read. */
  refuse(streamId: string, error: StreamError): void {
    this.opening.delete(streamId);
    this.postponed.delete(streamId);
    this.outbox.refuse(error, { stream: streamId });
  }

  /** The client takes more of one: its totals are so high. */
  credit(ch: number, chunks: number, bytes: number): void {
    const subscription = this.byChannel.get(ch);
    // A grant that crossed the end of its subscription is no fault of the client.
    if (subscription === undefined) return;
    // Who knows the channel has had the answer that names it.
    subscription.snapshot = undefined;
    this.grant(subscription, chunks, bytes);
  }

  private grant(subscription: Subscription, chunks: number, bytes: number): void {
    subscription.grant(chunks, bytes);
    if (subscription.ended === undefined) this.act.ready(subscription);
  }

  /** The client tells all its totals, and is told how far each was sent. */
  ping({ grants }: FrameOf<ClientFrame, 'ping'>): void {
    const sent: [number, number][] = [];
    for (const [ch, chunks, bytes] of grants) {
      const subscription = this.byChannel.get(ch);
      if (subscription === undefined) {
        // The client waits for what will never come: an answer to an earlier request had misled it.
        this.outbox.add({ t: 'unsubscribed', ch });
        continue;
      }
      this.credit(ch, chunks, bytes);
      if (subscription.ended !== undefined) this.outbox.add(endFrame(subscription, subscription.ended));
      sent.push([ch, subscription.next]);
    }
    this.outbox.add({ t: 'pong', sent });
  }

  /** Chunks that were sent have not arrived. */
  nack(frame: FrameOf<ClientFrame, 'nack'>): void {
    const subscription = this.byChannel.get(frame.ch);
    // No chunks for a link that takes no more: what is still missing is asked for again.
    if (subscription === undefined || !this.outbox.roomy) return;
    const ranges: Range[] = [];
    for (const [from, to] of frame.ranges) {
      if (from < subscription.next) ranges.push({ from, to: Math.min(to, subscription.next) });
    }
    if (ranges.length > 0) this.act.repair(subscription, ranges);
  }

  /** The client reads one no more. */
  end(ch: number): void {
    const subscription = this.byChannel.get(ch);
    if (subscription !== undefined) this.forget(subscription);
    this.outbox.add({ t: 'unsubscribed', ch });
  }

  /** One is over. */
  forget(subscription: Subscription): void {
    this.byChannel.delete(subscription.ch);
    this.byStream.delete(subscription.streamId);
    this.act.unsubscribe(subscription);
  }

  /** The link may take more: those whose snapshots had to wait are looked up again, until it does not. */
  askAgain(): void {
    let asked = 0;
    for (const streamId of this.postponed) {
      // Their answers are what the link has to take next: that many at a time keep it busy. One that has to wait again is put back,
      // and is not asked for twice: the link takes no more then.
      if (this.outbox.closed || !this.outbox.roomy || asked++ === maxAskedAgain) return;
      this.postponed.delete(streamId);
      const { from, life } = this.opening.get(streamId)!;
      this.act.subscribe(streamId, from, life);
    }
  }

  /** The link takes more again: all go on. */
  resume(): void {
    this.askAgain();
    for (const subscription of this) if (subscription.ended === undefined) this.act.ready(subscription);
  }

  /** All are over. */
  clear(): void {
    this.opening.clear();
    this.postponed.clear();
    for (const subscription of [...this]) this.forget(subscription);
  }
}
