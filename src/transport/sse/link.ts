import type { ServerResponse } from 'node:http';
import type { SchedulerLike, Subscription } from 'rxjs';
import type { EncodedChunk, JoinPosition, JsonValue } from '../../chunk/index.js';
import { shareOf } from '../../flow/room.js';
import { writeComment, writeEvent } from '../../format/event-stream.js';
import {
  closeCodes,
  type ClientFrame,
  type DataFrame,
  type FrameOf,
  type OutgoingFrame,
  type ServerFrame,
  type SubscribedFrame,
} from '../../protocol/index.js';
import type { Link, LinkAcceptor, Peer, ServerLinkEvents } from '../transport.js';
import { lifeHeader, seqHeader, snapshotHeader } from './route.js';
import { errorOfClose, statusOf } from './status.js';
import { dataEvents, endEvent, errorJson, gapEvent, snapshotEvent } from './write-frame.js';

/** What is read, and from where. */
export interface ReadingStart {
  readonly streamId: string;
  readonly from: JoinPosition;
  /** The life of the stream that it goes on with, if it knows. */
  readonly life?: string | undefined;
  /** The reader has been here before. */
  readonly resumed: boolean;
}

/** Bounds and times of {@link EventStreamLink}; `EventStreamOptions` says what they mean. */
export interface EventStreamSettings {
  readonly windowChunks: number;
  readonly windowBytes: number;
  readonly heartbeatMs: number;
  readonly retryMs: number;
  readonly resumeHoldMs: number;
  readonly random: () => number;
  readonly scheduler: SchedulerLike;
}

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  // Or nginx would collect events until its buffer is full.
  'x-accel-buffering': 'no',
};

/**
 * A link whose other end is an HTTP response: frames become events, and the words a client would say are said for it.
 *
 * @internal
 */
export class EventStreamLink implements Link {
  /** Always: what is on its way is bounded by credit, which only the socket gives back. */
  readonly writable = true;

  private readonly events: ServerLinkEvents;
  private readonly share;
  private beating: Subscription | undefined;
  private holding: Subscription | undefined;
  private channel: number | undefined;
  private seq = 0;
  private life: string | undefined;
  private opened = false;
  private over = false;
  /** Totals the socket has taken, and totals granted. */
  private taken = { chunks: 0, bytes: 0 };
  /** Chunks it had taken when it last was asked for a sign of life. */
  private takenBefore = 0;
  private granted;
  private wroteAt: number;
  private beatMs: number;

  constructor(
    private readonly response: ServerResponse,
    acceptor: LinkAcceptor,
    peer: Peer,
    private readonly start: ReadingStart,
    private readonly settings: EventStreamSettings,
  ) {
    const { windowChunks, windowBytes, heartbeatMs, scheduler } = settings;
    this.granted = { chunks: windowChunks, bytes: windowBytes };
    this.beatMs = heartbeatMs;
    this.wroteAt = scheduler.now();
    response.on('error', ignore);
    response.on('close', () => this.gone());
    this.share = shareOf(response);
    this.share.onTurn(() => this.events.drained());
    this.events = acceptor.accept(this, peer);
    const { streamId: stream, from, life } = start;
    this.say({ t: 'subscribe', stream, from, life, ...this.granted });
    if (!this.over && this.beating === undefined) this.beat(this.beatMs);
  }

  takes(bytes: number): boolean {
    return this.share.takes(bytes);
  }

  send(frames: readonly OutgoingFrame[]): void {
    for (const frame of frames) if (!this.over) this.write(frame as ServerFrame<EncodedChunk>);
  }

  private write(frame: ServerFrame<EncodedChunk>): void {
    switch (frame.t) {
      case 'welcome':
        return this.beatAtLeast(frame.pingMs);
      case 'subscribed':
        return this.subscribed(frame);
      case 'data':
        return this.writeData(frame);
      case 'gap':
        this.open();
        return this.writeText(gapEvent(frame));
      case 'end':
        return this.end(frame);
      case 'error':
        return this.fail(frame);
      case 'push':
        return this.push(frame.data);
      case 'goodbye':
        // An `EventSource` waits exactly as long as it is told: chance is given to each here.
        if (this.opened) this.writeText(writeEvent({ retry: Math.round(this.settings.random() * frame.retryMs) }));
        return;
      case 'authenticated':
      case 'unsubscribed':
      case 'ack':
      case 'stop':
      case 'pong':
        // Answers to what a reader over SSE cannot say, or need not know.
        return;
    }
  }

  private subscribed({ ch, seq, life, chunks }: SubscribedFrame<EncodedChunk>): void {
    if (this.channel !== undefined) return;
    this.channel = ch;
    this.seq = seq;
    this.life = life;
    const { resumeHoldMs, scheduler } = this.settings;
    if (this.start.resumed) this.holding = scheduler.schedule(() => this.open(), resumeHoldMs);
    else this.open(chunks?.[0]);
  }

  /**
   * Sends the headers and the first block: its id leads a reader that is cut before the first chunk back to here. Before a snapshot
   * it has none: who is cut there asks as it did.
   */
  private open(snapshot?: EncodedChunk): void {
    if (this.opened || this.over) return;
    this.opened = true;
    const { seq, life } = this;
    const announced = {
      ...(life === undefined ? {} : { [lifeHeader]: life }),
      ...(snapshot === undefined ? {} : { [snapshotHeader]: 1 }),
    };
    this.response.writeHead(200, { ...headers, [seqHeader]: seq, ...announced });
    const retry = this.settings.retryMs;
    const greeting = writeComment(`${this.start.streamId} from ${seq}`);
    if (snapshot === undefined) this.writeText(greeting + writeEvent({ id: `${seq - 1}`, retry }));
    else this.writeText(greeting + writeEvent({ retry }) + snapshotEvent(seq - 1, snapshot));
  }

  /** Credit does not bound these: a reader that has stopped does not get them. */
  private push(data: JsonValue): void {
    if (!this.opened || this.response.writableNeedDrain) return;
    this.writeText(writeEvent({ event: 'push', data: JSON.stringify(data) }));
  }

  private writeData(frame: DataFrame<EncodedChunk>): void {
    this.open();
    this.wroteAt = this.settings.scheduler.now();
    this.response.write(dataEvents(frame), () => this.took(frame));
  }

  private writeText(text: string): void {
    this.wroteAt = this.settings.scheduler.now();
    this.response.write(text);
  }

  /** The socket has taken a frame's events: that much may come again. Told when half a window is free. */
  private took(frame: DataFrame<EncodedChunk>): void {
    const { taken, granted, channel } = this;
    if (this.over || channel === undefined) return;
    taken.chunks += frame.chunks.length;
    for (const { size } of frame.chunks) taken.bytes += size;
    const { windowChunks, windowBytes } = this.settings;
    const chunks = taken.chunks + windowChunks;
    const bytes = taken.bytes + windowBytes;
    if (chunks - granted.chunks < windowChunks / 2 && bytes - granted.bytes < windowBytes / 2) return;
    this.granted = { chunks, bytes };
    this.say({ t: 'credit', ch: channel, chunks, bytes });
  }

  private end(frame: FrameOf<ServerFrame, 'end'>): void {
    if (this.opened || !this.start.resumed) {
      this.open();
      this.response.end(endEvent(frame));
    } else {
      // Nothing between `subscribed` and `end`: the reader has seen it all, and 204 tells it to stay away.
      this.response.writeHead(204).end();
    }
    this.finishLater(closeCodes.normal, 'the stream has ended');
  }

  private fail(error: FrameOf<ServerFrame, 'error'>): void {
    if (this.opened) this.response.end(writeEvent({ event: 'error', data: errorJson(error) }));
    else this.refuse(statusOf(error.code), errorJson(error), error.retryAfterMs);
    this.finishLater(closeCodes.normal, error.message);
  }

  close(code: number, reason: string): void {
    if (this.over) return;
    if (code === closeCodes.lost) this.response.destroy();
    else if (this.opened) this.response.end();
    else {
      const error = errorOfClose(code);
      this.refuse(statusOf(error), errorJson({ code: error, message: reason }));
    }
    this.finishLater(code, reason);
  }

  private refuse(status: number, json: string, retryAfterMs = 1000): void {
    this.response.writeHead(status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...(status === 503 || status === 429 ? { 'retry-after': `${Math.ceil(retryAfterMs / 1000)}` } : {}),
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    });
    this.response.end(json);
  }

  private say(frame: ClientFrame): void {
    if (!this.over) this.events.frames([frame]);
  }

  /** The session expects a sign of life this often, and a reader over SSE cannot give one. */
  private beatAtLeast(pingMs: number): void {
    if (pingMs >= this.beatMs) return;
    this.beatMs = pingMs;
    this.beat(pingMs);
  }

  /** Shows the reader, and the session, that the other is still there. */
  private beat(delayMs: number): void {
    const { scheduler } = this.settings;
    this.beating?.unsubscribe();
    this.beating = scheduler.schedule(() => {
      const restMs = this.settings.heartbeatMs - (scheduler.now() - this.wroteAt);
      // A socket that does not take what it has needs no proof of life, and no heap of them.
      if (this.opened && restMs <= 0 && !this.response.writableNeedDrain) this.writeText(ping);
      if (!this.stuck()) {
        const { channel, granted } = this;
        this.say({ t: 'ping', grants: channel === undefined ? [] : [[channel, granted.chunks, granted.bytes]] });
      }
      if (!this.over) this.beat(restMs > 0 ? Math.min(this.beatMs, restMs) : this.beatMs);
    }, delayMs);
  }

  /** Whether the socket has taken nothing of what waits for it, since the last look: then nobody says that the reader lives. */
  private stuck(): boolean {
    const { chunks } = this.taken;
    const none = chunks === this.takenBefore;
    this.takenBefore = chunks;
    return none && this.response.writableNeedDrain;
  }

  /** For what the session caused itself: it is told in a later turn, because it is not done yet. */
  private finishLater(code: number, reason: string): void {
    this.letGo();
    queueMicrotask(() => this.events.closed(code, reason));
  }

  private gone(): void {
    if (this.share.vanished) this.finish(closeCodes['idle-timeout'], 'nothing was heard over its connection');
    else this.finish(closeCodes.lost, 'the reader has gone');
  }

  private finish(code: number, reason: string): void {
    if (this.over) return;
    this.letGo();
    this.events.closed(code, reason);
  }

  private letGo(): void {
    this.over = true;
    this.beating?.unsubscribe();
    this.holding?.unsubscribe();
  }
}

const ping = writeComment('ping');
const ignore = (): void => {};
