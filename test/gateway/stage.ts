import { VirtualTimeScheduler } from 'rxjs';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway/index.js';
import type { Log } from '../../src/log/log.js';
import { createMemoryLog, type MemoryLog } from '../../src/log/memory.js';
import type { BadFrame, ClientFrame, FrameOf, OutgoingFrame, ServerFrame } from '../../src/protocol/index.js';
import { createStreams, type Streams } from '../../src/streams/index.js';
import type { Link, Peer, ServerLinkEvents } from '../../src/transport/transport.js';
import { encodedTexts } from '../bodies.js';
import { frameWords } from '../frame-words.js';
import { LateLog } from './late-log.js';

/** The logs a gateway is tried on. */
export const logKinds = ['log that answers at once', 'log that answers late'] as const;
/** One of them. */
export type LogKind = (typeof logKinds)[number];

/** Options of {@link GatewayStage}. */
export interface GatewayStageOptions extends Partial<GatewayOptions> {
  /** Decides on the order of late answers. */
  readonly random?: () => number;
}

/** A gateway whose turns, time and log are in the test's hand. */
export class GatewayStage {
  readonly scheduler = new VirtualTimeScheduler();
  readonly late: LateLog | undefined;
  readonly log: Log;
  /** The log as it is, whatever it has told. */
  readonly kept: MemoryLog;
  readonly streams: Streams;
  readonly gateway: Gateway;
  private turns: (() => void)[] = [];
  private sessions = 0;

  constructor(kind: LogKind = logKinds[0], { random, ...options }: GatewayStageOptions = {}) {
    this.late = kind === logKinds[1] ? new LateLog(random) : undefined;
    this.kept = this.late?.inner ?? createMemoryLog();
    this.log = this.late ?? this.kept;
    this.streams = createStreams({ log: this.log, rollup: { scheduler: this.scheduler } });
    this.gateway = createGateway({
      streams: this.streams,
      defer: (work) => void this.turns.push(work),
      scheduler: this.scheduler,
      sessionId: () => `session ${this.sessions++}`,
      ...options,
    });
  }

  /** Appends to a stream, and makes it if need be. */
  keep(streamId: string, ...datas: string[]): void {
    this.kept.create(streamId);
    this.kept.append(streamId, encodedTexts(...datas));
  }

  /** Ends a stream. */
  end(streamId: string): void {
    this.kept.append(streamId, [], { close: { status: 'completed' } });
  }

  /** Opens a connection. */
  connect(peer: Peer = { transport: 'test' }): TestLink {
    const link = new TestLink();
    link.events = this.gateway.accept(link, peer);
    return link;
  }

  /** Whether a turn was asked for. */
  get due(): boolean {
    return this.turns.length > 0;
  }

  /** Ends one turn of the event loop. */
  turn(): void {
    for (const work of this.turns.splice(0)) work();
  }

  /** Goes on until nothing is left to happen; says so when that never comes. */
  async settle(): Promise<void> {
    for (let steps = 0; steps < 10_000; steps++) {
      for (let hops = 0; hops < 8; hops++) await undefined;
      if (this.due) this.turn();
      else if (this.late?.answerOne() !== true) return;
    }
    throw new Error('the gateway never comes to rest');
  }

  /** Lets time pass. */
  pass(to: number): void {
    this.scheduler.maxFrames = to;
    this.scheduler.flush();
  }
}

/** A link that keeps what it is given. */
export class TestLink implements Link {
  writable = true;
  /** For how much at once there is room. */
  room = Infinity;
  /** Every frame so far. */
  readonly frames: ServerFrame[] = [];
  /** How many messages they came in. */
  messages = 0;
  /** Most frames that came in one. */
  largest = 0;
  /** How it ended. */
  end: string | undefined;
  /** Thrown by `send`. */
  broken: Error | undefined;
  events!: ServerLinkEvents;
  private told = 0;

  takes(bytes: number): boolean {
    return bytes <= this.room;
  }

  send(frames: readonly OutgoingFrame[]): void {
    if (this.broken !== undefined) throw this.broken;
    this.messages++;
    this.largest = Math.max(this.largest, frames.length);
    this.frames.push(...(frames as readonly ServerFrame[]));
  }

  close(code: number, reason: string): void {
    this.end = `${code} ${reason}`;
  }

  /** Says frames, as one message of a client. */
  say(...frames: readonly (ClientFrame | BadFrame)[]): void {
    this.events.frames(frames);
  }

  /** Asks to read a stream. */
  subscribe(
    stream: string,
    from: 'beginning' | 'now' | 'snapshot' | number = 'beginning',
    chunks = 1000,
    bytes = 1 << 20,
  ): void {
    this.say({ t: 'subscribe', stream, from, chunks, bytes });
  }

  /** The frames that came since the last look, in words; welcome left out. */
  words(): string[] {
    const news = this.frames.slice(this.told).filter(({ t }) => t !== 'welcome');
    this.told = this.frames.length;
    return news.map(frameWords);
  }

  /** Every frame of a kind so far. */
  all<T extends ServerFrame['t']>(t: T): FrameOf<ServerFrame, T>[] {
    return this.frames.filter((frame): frame is FrameOf<ServerFrame, T> => frame.t === t);
  }

  /** The channel of a stream. */
  channel(streamId: string): number {
    return this.all('subscribed').findLast(({ stream }) => stream === streamId)!.ch;
  }
}
