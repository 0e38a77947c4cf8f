import type { LlmChoiceFinish, LlmEvent, LlmFinishReason, LlmOrigin, LlmPartial, LlmUsage } from './event.js';
import { OpenParts } from './open-parts.js';
import { OpenTools } from './open-tools.js';
import { Sequencer } from './sequencer.js';

/**
 * What has happened in an answer, kept in order: whatever a provider sends, out come the events of {@link LlmEvent} in the
 * order that is their law. Readers of formats say what they see; opening, closing and ending is done here.
 *
 * @internal
 */
export class Transcript {
  readonly tools: OpenTools;
  readonly parts: OpenParts;
  usage: LlmUsage | undefined;
  private readonly sequencer: Sequencer;
  private readonly finishes = new Map<number, LlmChoiceFinish>();

  constructor(format: LlmOrigin, out: (event: LlmEvent) => void, maxInputLength = Infinity) {
    this.sequencer = new Sequencer(format, out);
    this.tools = new OpenTools(this.sequencer, maxInputLength);
    this.parts = new OpenParts(this.sequencer, this.tools);
  }

  /** The provider has begun to answer. Only the first time counts. */
  start(id: string | undefined, model: string | undefined): void {
    this.sequencer.start(id, model);
  }

  /** Tells what `work` does of one item the provider has numbered: the number stands on its last event. */
  number(sequence: number | undefined, work: () => void): void {
    this.sequencer.number(sequence, work);
  }

  /** An event that opens and closes nothing. */
  say(event: LlmEvent): void {
    const fields = Object.entries(event).map(([name, value]: [string, unknown]) => {
      return [name, typeof value === 'string' ? value.toWellFormed() : value];
    });
    this.sequencer.emit(Object.fromEntries(fields) as LlmEvent);
  }

  /** Why the model stopped. */
  stop(finishReason: LlmFinishReason, rawFinishReason: string, choice = 0): void {
    this.finishes.set(choice, { choice, finishReason, rawFinishReason });
  }

  /** Whether it has been said why. */
  stopped(choice: number): boolean {
    return this.finishes.has(choice);
  }

  /** The provider has said that this was all. */
  finish(): void {
    this.parts.closeAll();
    this.tools.endAll();
    const finishes = [...this.finishes.values()].toSorted((a, b) => a.choice - b.choice);
    this.tools.settle(finishes.some(({ finishReason }) => finishReason === 'length'));
    const choices = finishes.map((finish) => this.withCalls(finish));
    const [first = { finishReason: 'other', rawFinishReason: '' } as const] = choices;
    const { finishReason, rawFinishReason } = first;
    const took = this.usage === undefined ? {} : { usage: this.usage };
    if (this.usage !== undefined) this.sequencer.emit({ type: 'usage', usage: this.usage });
    const several = choices.length > 1 ? { choices } : {};
    this.sequencer.emit({ type: 'finish', finishReason, rawFinishReason, ...took, ...several });
  }

  /** Some say `stop` for a model that waits for its tools. */
  private withCalls(finish: LlmChoiceFinish): LlmChoiceFinish {
    const calls = finish.finishReason === 'stop' && this.tools.isAwaited(finish.choice);
    return calls ? { ...finish, finishReason: 'tool-calls' } : finish;
  }

  /** How much there is so far: a copy that stays as it is. */
  snapshot(): LlmPartial {
    const { textLength, reasoningLength } = this.parts;
    return { textLength, reasoningLength, toolCalls: this.tools.calls };
  }

  /**
   * Goes on behind events that were kept: what is open then is open again, and nothing is said twice.
   *
   * @returns those of them that will not be made again
   */
  recall(events: readonly LlmEvent[]): readonly LlmEvent[] {
    const done = this.sequencer.recall(events);
    for (const event of done) {
      this.parts.recall(event);
      this.tools.recall(event);
    }
    return done;
  }
}
