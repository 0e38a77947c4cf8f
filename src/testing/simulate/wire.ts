import type { BadFrame, ClientFrame, OutgoingFrame, ServerFrame } from '../../protocol/index.js';
import type { Direction } from '../../transport/memory.js';
import type { Faults } from '../../transport/faults.js';
import type { ClientTransport, Link, LinkAcceptor } from '../../transport/transport.js';
import type { Random } from './random.js';
import type { Rates } from './scenario.js';

/** @internal What became of a message. `void`: the link was not open, or had gone dead. */
export type Fate = 'carried' | 'lost' | 'late' | 'twice' | 'cut' | 'void';

/** @internal Anything that happened on the wire. */
export type WireEvent =
  | {
      readonly kind: 'sent';
      readonly at: number;
      readonly client: number;
      readonly direction: Direction;
      readonly frames: readonly OutgoingFrame[];
      fate: Fate;
    }
  | {
      readonly kind: 'arrived';
      readonly at: number;
      readonly client: number;
      readonly direction: Direction;
      readonly frames: readonly (ClientFrame | ServerFrame | BadFrame)[];
    }
  | { readonly kind: 'connects' | 'opened' | 'closed'; readonly at: number; readonly client: number };

/** @internal Hears every frame at either end of every link, before the machine there does. A link at the server has a number. */
export interface WireListener {
  clientHears(client: number, frames: readonly (ServerFrame | BadFrame)[]): void;
  clientSays(client: number, frames: readonly OutgoingFrame[]): void;
  /** A client's link has ended that had been open; it was asked for at a time. */
  clientLoses(client: number, askedAt: number, code: number, reason: string): void;
  serverHears(client: number, link: number, frames: readonly (ClientFrame | BadFrame)[]): void;
  serverSays(client: number, link: number, frames: readonly OutgoingFrame[]): void;
}

/**
 * The links of a run: decides what befalls a message, and remembers everything for the picture.
 *
 * @internal
 */
export class Wire {
  readonly events: WireEvent[] = [];
  private links = 0;
  /** The message being sent: the faults are asked about it in the same call. */
  private current: { fate: Fate } = { fate: 'void' };

  constructor(
    private readonly now: () => number,
    private readonly listener: WireListener,
  ) {}

  /** The faults of one direction, as long as `rough` says that there are any. */
  faults(rates: Rates, random: Random, rough: () => boolean): Faults {
    const strikes = (rate: number): boolean => rate > 0 && rough() && random.chance(rate);
    const mark = (struck: boolean, fate: Fate): boolean => {
      if (struck) this.current.fate = fate;
      return struck;
    };
    return {
      // The first question about every message that the link takes.
      cut: () => {
        this.current.fate = 'carried';
        return mark(strikes(rates.cut), 'cut');
      },
      halfOpen: () => mark(strikes(rates.halfOpen), 'void'),
      loss: () => mark(strikes(rates.loss), 'lost'),
      reordering: () => this.current.fate !== 'lost' && mark(strikes(rates.reordering), 'late'),
      duplication: () => this.current.fate === 'carried' && mark(strikes(rates.duplication), 'twice'),
      reorderMs: rates.reorderMs,
      delayMs: rates.delayMs,
    };
  }

  /** A client's transport, watched. */
  client(client: number, transport: ClientTransport): ClientTransport {
    return {
      connect: (events) => {
        this.note('connects', client);
        const askedAt = this.now();
        let opened = false;
        const link = transport.connect({
          opened: () => {
            this.note('opened', client);
            opened = true;
            events.opened();
          },
          frames: (frames) => {
            this.arrived(client, 'toClient', frames);
            this.listener.clientHears(client, frames);
            events.frames(frames);
          },
          drained: () => events.drained(),
          closed: (code, reason) => {
            this.note('closed', client);
            if (opened) this.listener.clientLoses(client, askedAt, code, reason);
            events.closed(code, reason);
          },
        });
        return this.link(link, client, 'toServer', (frames) => this.listener.clientSays(client, frames));
      },
    };
  }

  /** The server's end of a client's links, watched. */
  server(client: number, acceptor: LinkAcceptor): LinkAcceptor {
    return {
      accept: (link, peer) => {
        const number = this.links++;
        const events = acceptor.accept(
          this.link(link, client, 'toClient', (frames) => this.listener.serverSays(client, number, frames)),
          peer,
        );
        return {
          frames: (frames) => {
            this.arrived(client, 'toServer', frames);
            this.listener.serverHears(client, number, frames);
            events.frames(frames);
          },
          drained: () => events.drained(),
          closed: (code, reason) => events.closed(code, reason),
        };
      },
    };
  }

  private link(
    link: Link,
    client: number,
    direction: Direction,
    says: (frames: readonly OutgoingFrame[]) => void,
  ): Link {
    return {
      get writable() {
        return link.writable;
      },
      send: (frames) => {
        const event: WireEvent = { kind: 'sent', at: this.now(), client, direction, frames, fate: 'void' };
        this.events.push(event);
        says(frames);
        this.current = event;
        link.send(frames);
      },
      close: (code, reason) => link.close(code, reason),
    };
  }

  private arrived(
    client: number,
    direction: Direction,
    frames: readonly (ClientFrame | ServerFrame | BadFrame)[],
  ): void {
    this.events.push({ kind: 'arrived', at: this.now(), client, direction, frames });
  }

  private note(kind: 'connects' | 'opened' | 'closed', client: number): void {
    this.events.push({ kind, at: this.now(), client });
  }
}
