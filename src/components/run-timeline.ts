import { RunPicture, type SeenEvent } from './run-picture.js';

/** Most events of a run that are kept to be shown again, and most bytes of them. */
const [maxEvents, maxBytes] = [50_000, 32 * 2 ** 20];

/** The events of a run, and what it looked like at any time of it. */
export class RunTimeline {
  private readonly events: SeenEvent[] = [];
  private now = new RunPicture();
  private bytes = 0;
  private past: { readonly picture: RunPicture; count: number; at: number } | undefined;
  /** Events that were too many to be kept. */
  dropped = 0;

  /** Adds an event, which takes so many bytes. */
  add(event: SeenEvent, bytes = 0): void {
    // Whoever took the run up may have another clock: its time does not go back for that.
    const later = { ...event, at: Math.max(event.at, this.now.lastAt ?? 0) };
    this.now.add(later);
    this.bytes += bytes;
    if (this.events.length < maxEvents && this.bytes <= maxBytes) this.events.push(later);
    else this.dropped++;
  }

  /** How it stands. */
  get latest(): RunPicture {
    return this.now;
  }

  get startedAt(): number {
    return this.events[0]?.at ?? 0;
  }

  get lastAt(): number {
    return this.now.lastAt ?? this.startedAt;
  }

  /** What it looked like at a time. Looking forward costs only what lies between. */
  at(time: number): RunPicture {
    if (this.past === undefined || time < this.past.at) this.past = { picture: new RunPicture(), count: 0, at: time };
    const { past } = this;
    past.at = time;
    while (past.count < this.events.length && this.events[past.count]!.at <= time) {
      past.picture.add(this.events[past.count++]!);
    }
    return past.picture;
  }
}
