import type { Subscriber } from 'rxjs';
import type { Gap } from '../src/chunk/index.js';
import { Stage, tell } from './operate.js';
import { WaitingLine, type WaitingRules } from './waiting-line.js';

const none: readonly Gap[] = [];

/**
 * A stage before which items wait, and are lost when too many do.
 *
 * @internal
 */
export abstract class LossyStage<T, R = T> extends Stage<T, R | Gap> {
  protected readonly line: WaitingLine<T>;
  /** Whether what comes now is the replay of a hub. */
  replaying = false;

  constructor(
    destination: Subscriber<R | Gap>,
    private readonly operator: string,
    private readonly rules: WaitingRules<T>,
  ) {
    super(destination);
    this.line = new WaitingLine(operator, rules);
  }

  /** Lets an item wait, as the rules have it; `slots` of those that wait are about to be taken. */
  protected wait(item: T, slots = 0): void {
    if (this.replaying && this.strict) return this.line.replay(item);
    try {
      this.line.add(item, slots);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Whether one too many would end it: then a replay, of which nobody is told how long it is, must not count. */
  private get strict(): boolean {
    return this.rules.overflow === 'error' && this.rules.capacity > 0;
  }

  /** The gaps to be emitted before the first that waits, reported. */
  protected takeGaps(): readonly Gap[] {
    const gaps = this.line.takeLosses()?.gaps() ?? none;
    for (const { from, to, reason } of gaps) {
      tell(this.rules.probe, { type: 'gap', from, to, reason, operator: this.operator });
    }
    return gaps;
  }

  protected override release(): void {
    this.line.clear();
  }
}
