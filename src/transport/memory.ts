import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import { checkBound, type StreamError } from '../chunk/index.js';
import {
  type BadFrame,
  type ClientFrame,
  closeCodes,
  decodeFromClient,
  decodeFromServer,
  encodeMessage,
  type Message,
  type OutgoingFrame,
  type ServerFrame,
} from '../protocol/index.js';
import { type Fate, FaultPlan, type Faults } from './faults.js';
import type { ClientLinkEvents, ClientTransport, Link, LinkAcceptor, LinkEvents } from './transport.js';

export type { Fault, Faults, Span } from './faults.js';

/** Options of {@link createMemoryTransport}. */
export interface MemoryTransportOptions {
  /** What may go wrong, each direction for itself. Default: nothing. */
  readonly faults?: { readonly toServer?: Faults; readonly toClient?: Faults };
  /** Source of randomness for faults and delays. Default `Math.random`. */
  readonly random?: () => number;
  /** Bytes that may be under way in one direction before its link stops being writable. Default 1 MiB. */
  readonly highWaterMark?: number;
  /** Everything happens through it; a virtual one makes every run the same. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** One way of a link. */
export type Direction = 'toServer' | 'toClient';

/** A transport without a network, and the means to disturb it. */
export interface MemoryTransport extends ClientTransport {
  /** While `false`, opening a link fails with 1006. */
  reachable: boolean;
  /** Breaks every open link: both sides hear 1006. */
  cut(): void;
  /** From now on this direction of every open link swallows everything, and neither side is told. */
  swallow(direction: Direction): void;
  /** Holds what arrives in this direction of every open link, as a receiver that does not read. */
  stall(direction: Direction): void;
  /** Hands on what was held, and goes on. */
  resume(direction: Direction): void;
}

/**
 * Links within one program: what tests and simulations run on, and what puts a gateway and its client in one process.
 * Messages go through the codec, as on any link. Nothing happens but through the scheduler, and never in the caller's turn.
 *
 * @example
 * const transport = createMemoryTransport(gateway, { faults: { toClient: { loss: 0.1, delayMs: [1, 20] } } });
 */
export function createMemoryTransport(acceptor: LinkAcceptor, options: MemoryTransportOptions = {}): MemoryTransport {
  return new Network(acceptor, options);
}

class Network implements MemoryTransport {
  reachable = true;
  private readonly pairs = new Set<Pair>();
  private readonly scheduler: SchedulerLike;
  private readonly highWaterMark: number;
  private readonly plans: Readonly<Record<Direction, FaultPlan>>;

  constructor(
    private readonly acceptor: LinkAcceptor,
    options: MemoryTransportOptions,
  ) {
    const { faults = {}, random = Math.random } = options;
    this.scheduler = options.scheduler ?? asyncScheduler;
    this.highWaterMark = checkBound('highWaterMark', options.highWaterMark ?? 1 << 20);
    this.plans = {
      toServer: new FaultPlan(faults.toServer ?? {}, random, 'toServer'),
      toClient: new FaultPlan(faults.toClient ?? {}, random, 'toClient'),
    };
  }

  connect(events: ClientLinkEvents): Link {
    const pair = new Pair(this.scheduler, this.plans, this.highWaterMark, (ended) => this.pairs.delete(ended));
    this.pairs.add(pair);
    pair.open(events, this.reachable ? this.acceptor : undefined);
    return pair.client;
  }

  cut(): void {
    for (const pair of [...this.pairs]) pair.cut();
  }

  swallow(direction: Direction): void {
    for (const pair of this.pairs) pair[direction].swallow();
  }

  stall(direction: Direction): void {
    for (const pair of this.pairs) pair[direction].stall();
  }

  resume(direction: Direction): void {
    for (const pair of [...this.pairs]) pair[direction].resume();
  }
}

/** The two ends of one link, and the two ways between them. */
class Pair {
  readonly client: End<ServerFrame>;
  readonly server: End<ClientFrame>;
  readonly toServer: Lane;
  readonly toClient: Lane;

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly plans: Readonly<Record<Direction, FaultPlan>>,
    highWaterMark: number,
    private readonly ended: (pair: Pair) => void,
  ) {
    const cut = (): void => this.cut();
    this.toServer = new Lane(scheduler, plans.toServer, highWaterMark, cut);
    this.toClient = new Lane(scheduler, plans.toClient, highWaterMark, cut);
    const over = (): void => this.over();
    this.client = new End(scheduler, this.toServer, this.toClient, decodeFromServer, over);
    this.server = new End(scheduler, this.toClient, this.toServer, decodeFromClient, over);
  }

  open(events: ClientLinkEvents, acceptor: LinkAcceptor | undefined): void {
    this.client.events = events;
    if (acceptor === undefined) return this.client.end(closeCodes.lost, 'the server cannot be reached');
    this.scheduler.schedule(() => {
      if (this.client.closed) return;
      // Ahead of what the server says first: both take the same way.
      this.toClient.carry(() => {
        this.client.open = true;
        events.opened();
      });
      this.server.open = true;
      this.server.events = acceptor.accept(this.server, { transport: 'memory' });
    }, this.plans.toServer.delay());
  }

  cut(): void {
    this.toServer.clear();
    this.toClient.clear();
    this.client.end(closeCodes.lost, 'the connection broke');
    this.server.end(closeCodes.lost, 'the connection broke');
  }

  private over(): void {
    if (!this.client.closed || (this.server.open && !this.server.closed)) return;
    this.toServer.clear();
    this.toClient.clear();
    this.ended(this);
  }
}

/** One side of a link. */
class End<In> implements Link {
  events: LinkEvents<In> | undefined;
  open = false;
  closed = false;

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly out: Lane,
    incoming: Lane,
    private readonly decode: (data: string | Uint8Array) => readonly (In | BadFrame)[],
    private readonly over: () => void,
  ) {
    out.drained = () => {
      if (!this.closed) this.events?.drained();
    };
    incoming.received = (message) => this.receive(message);
    incoming.ended = (code, reason) => this.end(code, reason);
  }

  get writable(): boolean {
    return !this.out.full;
  }

  send(frames: readonly OutgoingFrame[]): void {
    if (this.open && !this.closed && frames.length > 0) this.out.send(encodeMessage(frames));
  }

  close(code: number, reason: string): void {
    if (this.closed) return;
    this.out.end(code, reason);
    this.end(code, reason);
  }

  /** Tells this side that it is over, in a later turn. */
  end(code: number, reason: string): void {
    if (this.closed) return;
    this.closed = true;
    this.scheduler.schedule(() => this.events?.closed(code, reason));
    this.over();
  }

  private receive({ binary, data }: Message): void {
    if (this.closed) return;
    let frames;
    try {
      frames = this.decode(binary || typeof data === 'string' ? data : utf8.decode(data));
    } catch (error) {
      this.close(closeCodes['frame-malformed'], (error as StreamError).message);
      return;
    }
    this.events?.frames(frames);
  }
}

const utf8 = new TextDecoder();

/** One direction of a link: what is under way, in order, and what befalls it. */
class Lane {
  full = false;
  /** What the two ends do: set before anything is sent. */
  received!: (message: Message) => void;
  ended!: (code: number, reason: string) => void;
  drained!: () => void;

  /** Messages that keep their order: each timer takes the first, whichever it was made for. */
  private line: (() => void)[] = [];
  private timers = new Set<Subscription>();
  private bytes = 0;
  /** When the last of the line is due. */
  private dueAt = 0;
  private swallowing = false;
  private held: (() => void)[] | undefined;

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly plan: FaultPlan,
    private readonly highWaterMark: number,
    private readonly cut: () => void,
  ) {}

  send(message: Message): void {
    const size = message.data.length;
    this.bytes += size;
    if (this.bytes >= this.highWaterMark) this.full = true;
    // What is swallowed stays under way, as with a peer that never acknowledges.
    if (this.swallowing) return;
    const fate = this.plan.next();
    if (fate.cut) return this.cut();
    if (fate.halfOpen) return this.swallow();
    this.dispatch(message, size, fate);
  }

  private dispatch(message: Message, size: number, fate: Fate): void {
    const arrive = (): void => {
      this.release(size);
      if (!fate.lost) this.received(message);
    };
    if (fate.lateMs === undefined) this.queue(arrive, fate.delayMs);
    else this.after(() => this.hand(arrive), fate.delayMs + fate.lateMs);
    if (fate.copyMs !== undefined && !fate.lost) this.after(() => this.hand(() => this.received(message)), fate.copyMs);
  }

  /** Sends something that is no message, and that no fault but delay can befall, in order. */
  carry(arrive: () => void): void {
    if (!this.swallowing) this.queue(arrive, this.plan.delay());
  }

  end(code: number, reason: string): void {
    this.carry(() => this.ended(code, reason));
  }

  swallow(): void {
    this.swallowing = true;
  }

  stall(): void {
    this.held ??= [];
  }

  resume(): void {
    const { held = [] } = this;
    this.held = undefined;
    // In front of what is still under way, as it came before.
    this.line.unshift(...held);
    for (const _ of held) this.takeFirst(0);
  }

  /** Forgets everything under way. */
  clear(): void {
    for (const timer of this.timers) timer.unsubscribe();
    this.timers.clear();
    this.line = [];
    this.held = undefined;
  }

  private queue(arrive: () => void, delayMs: number): void {
    const now = this.scheduler.now();
    this.dueAt = Math.max(this.dueAt, now + delayMs);
    this.line.push(arrive);
    this.takeFirst(this.dueAt - now);
  }

  private takeFirst(delayMs: number): void {
    this.after(() => this.hand(this.line.shift()!), delayMs);
  }

  private hand(arrive: () => void): void {
    if (this.held === undefined) arrive();
    else this.held.push(arrive);
  }

  private after(work: () => void, delayMs: number): void {
    const timer = this.scheduler.schedule(() => {
      this.timers.delete(timer);
      work();
    }, delayMs);
    this.timers.add(timer);
  }

  private release(size: number): void {
    this.bytes -= size;
    if (!this.full || this.bytes > this.highWaterMark / 2) return;
    this.full = false;
    this.drained();
  }
}
