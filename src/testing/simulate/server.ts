import type { Gateway, GatewayOptions } from '../../gateway/index.js';
import { closeCodes } from '../../protocol/index.js';
import { createStreams, type Streams } from '../../streams/index.js';
import type { LinkAcceptor } from '../../transport/transport.js';
import type { ServerPlan } from './scenario.js';
import type { Truth } from './truth.js';
import type { VirtualTime } from './virtual-time.js';

/**
 * The server of a run: a gateway that may go, and come again as another one. Only the log outlives it.
 *
 * @internal
 */
export class Server implements LinkAcceptor {
  private lives = 0;
  private gateway: Gateway | undefined;
  /** Those that say goodbye: they serve who is there until he has left. */
  private readonly leaving: Gateway[] = [];
  private streams: Streams | undefined;

  constructor(
    private readonly plan: ServerPlan,
    private readonly make: (options: GatewayOptions) => Gateway,
    private readonly truth: Truth,
    private readonly time: VirtualTime,
  ) {}

  get up(): boolean {
    return this.gateway !== undefined;
  }

  start(): void {
    const { plan, time } = this;
    const life = this.lives++;
    let sessions = 0;
    this.streams = createStreams({ log: this.truth.log, scheduler: time });
    this.gateway = this.make({
      streams: this.streams,
      limits: { pingMs: plan.pingMs, maxFrame: plan.maxFrame, window: plan.window },
      scheduler: time,
      defer: time.defer,
      sessionId: () => `${life}.${sessions++}`,
    });
  }

  stop(): void {
    for (const gateway of this.leaving.splice(0)) gateway.close();
    this.gateway?.close();
    this.gateway = undefined;
  }

  /** Goes, and finishes what is under way. */
  leave(retryMs: number): void {
    if (this.gateway === undefined) return;
    void this.gateway.drain(retryMs);
    this.leaving.push(this.gateway);
    this.gateway = undefined;
  }

  /** Ends a stream, as somebody at the server may. */
  cancel(stream: string): void {
    void this.streams!.cancel(stream, 'nobody writes it');
  }

  accept: LinkAcceptor['accept'] = (link, peer) => {
    if (this.gateway !== undefined) return this.gateway.accept(link, peer);
    link.close(closeCodes['going-away'], 'the server is down');
    return { frames: () => {}, drained: () => {}, closed: () => {} };
  };

  /** How many connections there are. */
  get connections(): number {
    const gateways = this.gateway === undefined ? this.leaving : [...this.leaving, this.gateway];
    return gateways.reduce((sum, gateway) => sum + gateway.connections().length, 0);
  }
}
