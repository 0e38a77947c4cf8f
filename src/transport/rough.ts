import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs';
import { closeCodes } from '../protocol/index.js';
import { FaultPlan, type Faults } from './faults.js';
import type { ClientLinkEvents, ClientTransport, Link } from './transport.js';

export type { Fault, Faults, Span } from './faults.js';

/** Options of {@link createRoughTransport}. */
export interface RoughTransportOptions {
  /** The transport to disturb. */
  readonly transport: ClientTransport;
  /** What goes wrong, each direction for itself. Default: nothing. */
  readonly faults?: { readonly toServer?: Faults; readonly toClient?: Faults };
  /** Source of randomness for faults and delays. Default `Math.random`. */
  readonly random?: () => number;
  /** Delays go through it. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** A transport that loses, repeats, delays and breaks what another carries. */
export interface RoughTransport extends ClientTransport {
  /** Breaks every open link: the client hears 1006. */
  cut(): void;
}

/**
 * Makes a good transport rough: messages are lost, repeated, overtaken, and links cut, as told. To see, on real sockets, that
 * a program bears it.
 *
 * @example
 * const transport = createRoughTransport({ transport: good, faults: { toClient: { loss: 0.05, reordering: 0.05 } } });
 */
export function createRoughTransport(options: RoughTransportOptions): RoughTransport {
  const { transport, faults = {}, random = Math.random, scheduler = asyncScheduler } = options;
  const toServer = new FaultPlan(faults.toServer ?? {}, random, 'toServer');
  const toClient = new FaultPlan(faults.toClient ?? {}, random, 'toClient');
  const links = new Set<RoughLink>();
  return {
    connect(events) {
      const link = new RoughLink(events, toServer, toClient, scheduler, () => links.delete(link));
      links.add(link);
      link.open(transport);
      return link;
    },
    cut: () => {
      for (const link of links) link.cut();
    },
  };
}

class RoughLink implements Link {
  private readonly timers = new Subscription();
  private inner: Link | undefined;
  private over = false;

  constructor(
    private readonly events: ClientLinkEvents,
    private readonly toServer: FaultPlan,
    private readonly toClient: FaultPlan,
    private readonly scheduler: SchedulerLike,
    private readonly ended: () => void,
  ) {}

  open(transport: ClientTransport): void {
    const { events } = this;
    this.inner = transport.connect({
      opened: () => !this.over && events.opened(),
      frames: (frames) => this.suffer(this.toClient, () => events.frames(frames)),
      drained: () => !this.over && events.drained(),
      closed: (code, reason) => this.finish(code, reason),
    });
  }

  get writable(): boolean {
    return this.inner?.writable ?? false;
  }

  send(frames: Parameters<Link['send']>[0]): void {
    this.suffer(this.toServer, () => this.inner?.send(frames));
  }

  /** Does with one message what the plan says. */
  private suffer(plan: FaultPlan, pass: () => void): void {
    if (this.over) return;
    const fate = plan.next();
    if (fate.cut) return this.cut();
    if (fate.copyMs !== undefined) this.later(fate.copyMs, pass);
    if (!fate.lost && !fate.halfOpen) this.later(fate.delayMs + (fate.lateMs ?? 0), pass);
  }

  private later(delayMs: number, pass: () => void): void {
    if (delayMs === 0) return pass();
    const timer = this.scheduler.schedule(() => {
      this.timers.remove(timer);
      if (!this.over) pass();
    }, delayMs);
    this.timers.add(timer);
  }

  /** Breaks the link in both directions at once; the client hears of it in a later turn. */
  cut(): void {
    if (this.over) return;
    this.over = true;
    this.timers.unsubscribe();
    this.inner?.close(closeCodes.normal, 'cut on purpose');
    this.scheduler.schedule(() => this.tell(closeCodes.lost, 'cut on purpose'));
  }

  close(code: number, reason: string): void {
    this.inner?.close(code, reason);
  }

  private finish(code: number, reason: string): void {
    if (this.over) return;
    this.over = true;
    this.timers.unsubscribe();
    this.tell(code, reason);
  }

  private tell(code: number, reason: string): void {
    this.ended();
    this.events.closed(code, reason);
  }
}
