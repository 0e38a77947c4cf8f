import type { SchedulerLike, Subscription } from 'rxjs';
import type { ClientTransport, Link } from '../transport/transport.js';
import { Connection, type ConnectionActions, type ConnectionLimits } from './connection.js';
import type { Writings } from './writings.js';

/** What a line needs of its client. */
export interface LineSettings {
  readonly limits: ConnectionLimits;
  readonly scheduler: SchedulerLike;
  readonly defer: (work: () => void) => void;
}

/** One connection with what it needs around it: links, timers and turns. */
export class Line {
  readonly connection: Connection;
  private link: Link | undefined;
  private timer: Subscription | undefined;

  constructor(
    transport: ClientTransport,
    { scheduler, defer, limits }: LineSettings,
    hears: Pick<ConnectionActions, 'state' | 'pushed'>,
    writings?: Writings,
  ) {
    const now = (): number => scheduler.now();
    const actions: ConnectionActions = {
      connect: () => {
        const link: Link = transport.connect({
          opened: () => {},
          frames: (frames) => this.link === link && connection.received(frames, now()),
          drained: () => this.link === link && connection.drained(now()),
          closed: (code, reason) => {
            if (this.link !== link) return;
            this.link = undefined;
            connection.ended(code, reason, now());
          },
        });
        this.link = link;
      },
      send: (frames) => {
        const link = this.link!;
        link.send(frames);
        return link.writable;
      },
      disconnect: (code, reason) => {
        const { link } = this;
        this.link = undefined;
        link?.close(code, reason);
      },
      dirty: () => defer(() => connection.flush(now())),
      wakeAt: (time) => {
        this.timer?.unsubscribe();
        this.timer = undefined;
        if (time !== undefined)
          this.timer = scheduler.schedule(() => connection.tick(now()), Math.max(0, time - now()));
      },
      ...hears,
    };
    const connection = new Connection(limits, actions, writings);
    this.connection = connection;
  }
}
