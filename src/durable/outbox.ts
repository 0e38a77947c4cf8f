/** Answers that wait for each other at most. */
const most = 256;

/**
 * @internal Whole answers that become ready in one turn of the event loop leave together at its end. The first wakes a client that
 * sleeps, the others find it awake: waking somebody costs the system several times what a write costs, and a server that
 * answers one by one pays it for each.
 */
export class Outbox<T> {
  private waiting: T[] = [];

  /** @param leave - sends an answer; must not throw */
  constructor(private readonly leave: (answer: T) => void) {}

  /** Sends an answer in this turn. */
  add(answer: T): void {
    const count = this.waiting.push(answer);
    if (count === 1) setImmediate(this.flush);
    else if (count === most) this.flush();
  }

  private readonly flush = (): void => {
    const { waiting } = this;
    this.waiting = [];
    for (const answer of waiting) this.leave(answer);
  };
}
