import type { LlmEvent, LlmOrigin } from './event.js';

/** What may stand before the start. */
const early: ReadonlySet<string> = new Set(['start', 'usage', 'error', 'abort', 'keep-alive', 'raw']);

/**
 * The one way by which the events of an answer go out: the start first, the number of what a provider has numbered on the last
 * event of it, and nothing that was kept before.
 *
 * @internal
 */
export class Sequencer {
  private started = false;
  private readonly ids = new Set<string>();
  /** What was made of the item that is being told waits for the next, which may be its last. */
  private grouping = false;
  private held: LlmEvent | undefined;
  /** Events that were kept before, of an item of which not all were kept. */
  private again = 0;

  constructor(
    private readonly format: LlmOrigin,
    private readonly out: (event: LlmEvent) => void,
  ) {}

  /** The provider has begun to answer. Only the first time counts. */
  start(id: string | undefined, model: string | undefined): void {
    if (this.started) return;
    this.started = true;
    const known = { ...(id === undefined ? {} : { id }), ...(model === undefined ? {} : { model }) };
    this.emit({ type: 'start', format: this.format, ...known });
  }

  /** Tells what `work` does of one item the provider has numbered: the number stands on its last event. */
  number(sequence: number | undefined, work: () => void): void {
    this.grouping = true;
    try {
      work();
    } finally {
      this.grouping = false;
      const { held } = this;
      this.held = undefined;
      if (held !== undefined) this.send(sequence === undefined ? held : { ...held, sequence });
    }
  }

  /** The next event. */
  emit(event: LlmEvent): void {
    // Some leave out their first word, and begin with something that matters.
    if (!this.started && !early.has(event.type)) this.start(undefined, undefined);
    if (!this.grouping) return this.send(event);
    if (this.held !== undefined) this.send(this.held);
    this.held = event;
  }

  private send(event: LlmEvent): void {
    if (this.again > 0) this.again--;
    else this.out(event);
  }

  /** The id, or one like it where a provider has said it before: an id stands for one thing only. */
  takeId(id: string): string {
    let own = id;
    for (let again = 2; this.ids.has(own); again++) own = `${id}-${again}`;
    this.ids.add(own);
    return own;
  }

  /**
   * Goes on behind events that were kept: nothing is said twice.
   *
   * @returns those of them that will not be made again
   */
  recall(events: readonly LlmEvent[]): readonly LlmEvent[] {
    const end = events.findLastIndex(({ sequence }) => sequence !== undefined) + 1;
    const done = events.slice(0, end);
    this.started = done.some(({ type }) => type === 'start');
    this.again = events.length - end;
    return done;
  }
}
