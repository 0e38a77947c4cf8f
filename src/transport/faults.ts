import { checkBound, kindOf } from '../chunk/index.js';

/** When a fault strikes: a probability from 0 to 1, or a script that looks at the message's number. */
export type Fault = number | ((message: number) => boolean);

/** Milliseconds from the first to the second, each as likely. */
export type Span = readonly [min: number, max: number];

/** What may happen to the messages of one direction. Left out: never. */
export interface Faults {
  /** The message is gone. */
  readonly loss?: Fault;
  /** The message comes once more, with a delay of its own. */
  readonly duplication?: Fault;
  /** The message is overtaken by later ones: it comes `reorderMs` late. */
  readonly reordering?: Fault;
  /** How late. Default 1 to 50 ms. */
  readonly reorderMs?: Span;
  /** How long messages take; order is kept. Default no time. */
  readonly delayMs?: Span;
  /** The link breaks with this message: both sides hear 1006, and what was under way is gone. */
  readonly cut?: Fault;
  /** From this message on the direction swallows everything, and neither side is told. */
  readonly halfOpen?: Fault;
}

/** What happens to one message. */
export interface Fate {
  readonly cut: boolean;
  readonly halfOpen: boolean;
  readonly lost: boolean;
  readonly delayMs: number;
  /** Extra delay, without regard to order; `undefined` for a message that keeps its place. */
  readonly lateMs: number | undefined;
  /** Delay of the second copy; `undefined` for none. */
  readonly copyMs: number | undefined;
}

/** Decides, message by message, from a source of randomness: the same seed gives the same fates. */
export class FaultPlan {
  private message = 0;
  private readonly delayMs: Span;
  private readonly reorderMs: Span;

  /**
   * @param direction - names the options in error messages
   * @throws TypeError or RangeError when a probability or a span is none
   */
  constructor(
    private readonly faults: Faults,
    private readonly random: () => number,
    direction: string,
  ) {
    for (const name of ['loss', 'duplication', 'reordering', 'cut', 'halfOpen'] as const) {
      checkFault(`faults.${direction}.${name}`, faults[name]);
    }
    this.delayMs = checkSpan(`faults.${direction}.delayMs`, faults.delayMs ?? [0, 0]);
    this.reorderMs = checkSpan(`faults.${direction}.reorderMs`, faults.reorderMs ?? [1, 50]);
  }

  /** The next message's fate. */
  next(): Fate {
    const message = this.message++;
    const { cut, halfOpen, loss, reordering, duplication } = this.faults;
    return {
      cut: this.strikes(cut, message),
      halfOpen: this.strikes(halfOpen, message),
      lost: this.strikes(loss, message),
      delayMs: this.delay(),
      lateMs: this.strikes(reordering, message) ? this.within(this.reorderMs) : undefined,
      copyMs: this.strikes(duplication, message) ? this.delay() : undefined,
    };
  }

  /** How long a message takes. */
  delay(): number {
    return this.within(this.delayMs);
  }

  private strikes(fault: Fault | undefined, message: number): boolean {
    if (fault === undefined) return false;
    return typeof fault === 'number' ? this.random() < fault : fault(message);
  }

  private within([min, max]: Span): number {
    return min === max ? min : min + Math.floor(this.random() * (max - min + 1));
  }
}

function checkFault(name: string, fault: unknown): void {
  if (fault !== undefined && typeof fault !== 'function') checkBound(name, fault, { min: 0, max: 1, whole: false });
}

function checkSpan(name: string, span: unknown): Span {
  if (!Array.isArray(span) || span.length !== 2) throw new TypeError(`${name} must be [min, max], got ${kindOf(span)}`);
  const min = checkBound(`${name}[0]`, span[0], { min: 0 });
  return [min, checkBound(`${name}[1]`, span[1], { min })];
}
