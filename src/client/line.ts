import type { SchedulerLike, Subscription } from 'rxjs';
import type { ClientTransport, Link } from '../transport/transport.js';
import type { Connection, ConnectionActions, ConnectionLimits } from './connection.js';

/** What a line needs of its client. */
export interface LineSettings {
  readonly limits: ConnectionLimits;
  readonly scheduler: SchedulerLike;
  readonly defer: (work: () => void) => void;
}

/** Makes the machine of a line. */
export type Machine<C extends Connection> = new (limits: ConnectionLimits, actions: ConnectionActions) => C;

/** One connection with what it needs around it: links, timers and turns. */
export class Line<C extends Connection = Connection> {
  readonly connection: C;
  #link: Link | undefined;
  #timer: Subscription | undefined;

  constructor(
    transport: ClientTransport,
    { scheduler, defer, limits }: LineSettings,
    hears: Pick<ConnectionActions, 'state' | 'pushed'>,
    Connects: Machine<C>,
  ) {
    const now = (): number => scheduler.now();
    const actions: ConnectionActions = {
      connect: () => {
        const link: Link = transport.connect({
          opened: () => {},
          frames: (frames) => this.#link === link && connection.received(frames, now()),
          drained: () => this.#link === link && connection.drained(now()),
          closed: (code, reason) => {
            if (this.#link !== link) return;
            this.#link = undefined;
            connection.ended(code, reason, now());
          },
        });
        this.#link = link;
      },
      send: (frames) => {
        const link = this.#link!;
        link.send(frames);
        return link.writable;
      },
      disconnect: (code, reason) => {
        const link = this.#link;
        this.#link = undefined;
        link?.close(code, reason);
      },
      dirty: () => defer(() => connection.flush(now())),
      wakeAt: (time) => {
        this.#timer?.unsubscribe();
        this.#timer = undefined;
        if (time !== undefined)
          this.#timer = scheduler.schedule(() => connection.tick(now()), Math.max(0, time - now()));
      },
      ...hears,
    };
    const connection = new Connects(limits, actions);
    this.connection = connection;
  }
}
