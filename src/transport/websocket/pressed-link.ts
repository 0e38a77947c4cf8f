import type { SchedulerLike } from 'rxjs';
import type { ClientLinkEvents } from '../transport.js';
import { ClientLink, type ClientSocket, type Encode } from './client-link.js';

/** @internal What a link takes before it stops being writable. */
export interface Pressure {
  readonly highWaterMark: number;
  readonly pollMs: number;
  readonly scheduler: SchedulerLike;
}

/** @internal A link for those who send much: it tells while too much waits to be sent. */
export class PressedLink<Out> extends ClientLink<Out> {
  #full = false;
  readonly #pressure: Pressure;

  constructor(create: () => ClientSocket, encode: Encode<Out>, events: ClientLinkEvents, pressure: Pressure) {
    super(create, encode, events);
    this.#pressure = pressure;
  }

  override get writable(): boolean {
    return !this.#full;
  }

  override send(frames: readonly Out[]): void {
    super.send(frames);
    if (this.#full || this.#waiting < this.#pressure.highWaterMark) return;
    this.#full = true;
    this.#watch();
  }

  /** Bytes that wait to be sent. */
  get #waiting(): number {
    return this.over ? 0 : (this.socket?.bufferedAmount ?? 0);
  }

  /** Sockets do not say it when they have drained. */
  #watch(): void {
    const { scheduler, pollMs, highWaterMark } = this.#pressure;
    scheduler.schedule(() => {
      if (this.#waiting > highWaterMark / 2) return this.#watch();
      this.#full = false;
      if (!this.over) this.events.drained();
    }, pollMs);
  }
}
