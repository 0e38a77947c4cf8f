import { BadFrame, type OutgoingFrame, type ServerFrame } from '../../protocol/index.js';
import type { Tell } from './finding.js';

interface Flight {
  sent: number;
  kept: number;
}

/**
 * Watches what a client has on its way to the log under its own name: never more than the window the server announced.
 *
 * @internal
 */
export class FlightLedger {
  private readonly flights = new Map<string, Flight>();

  constructor(
    private readonly client: string,
    private readonly most: number,
    private readonly now: () => number,
    private readonly tell: Tell,
  ) {}

  /** The client said frames. */
  says(frames: readonly OutgoingFrame[]): void {
    for (const frame of frames) {
      if (frame.t !== 'publish' || frame.producer !== this.client) continue;
      const flight = this.flightOf(frame.stream, frame.epoch);
      flight.sent = Math.max(flight.sent, frame.seq + frame.chunks.length);
      const open = flight.sent - flight.kept;
      if (open <= this.most) continue;
      const what = `${this.client} has ${open} chunks on their way, and its window is ${this.most}`;
      this.tell({ at: this.now(), what, stream: frame.stream });
    }
  }

  /** The client heard frames. */
  hears(frames: readonly (ServerFrame | BadFrame)[]): void {
    for (const frame of frames) {
      if (frame instanceof BadFrame || frame.t !== 'ack' || frame.producer !== this.client) continue;
      const flight = this.flightOf(frame.stream, frame.epoch);
      flight.kept = Math.max(flight.kept, frame.seq);
    }
  }

  private flightOf(stream: string, epoch: number): Flight {
    const key = `${stream}\n${epoch}`;
    const known = this.flights.get(key);
    if (known !== undefined) return known;
    const flight = { sent: 0, kept: 0 };
    this.flights.set(key, flight);
    return flight;
  }
}
