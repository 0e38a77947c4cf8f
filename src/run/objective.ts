import { checkBound } from '../chunk/index.js';
import { SlidingSum } from './sliding-sum.js';

/** A promise about the reliability of runs, over a sliding window of time. */
export type Objective = ObjectiveCommon &
  (
    | { readonly figure: 'successRate'; readonly atLeast: number }
    | { readonly figure: 'compensationRate'; readonly atMost: number }
    | { readonly figure: 'meanToolCallMs' | 'meanRunMs'; readonly atMost: number }
    | {
        /** The share of tool calls, or runs, that take no longer than `withinMs`. */
        readonly figure: 'toolCallsWithin' | 'runsWithin';
        readonly withinMs: number;
        readonly atLeast: number;
      }
  );

interface ObjectiveCommon {
  /** What it is called in alerts. */
  readonly name: string;
  /** How far back it looks, in sixty pieces. Default 300 000, five minutes. */
  readonly windowMs?: number;
  /** Samples it takes to say anything. Default 10. */
  readonly minSamples?: number;
}

/** An objective is missed, or met again. */
export interface ObjectiveAlert {
  readonly type: 'objective-missed' | 'objective-met';
  readonly objective: string;
  readonly figure: Objective['figure'];
  /** What the figure is in the window. */
  readonly value: number;
  /** What it should at least, or at most, be. */
  readonly limit: number;
  readonly samples: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** How an objective stands. */
export interface ObjectiveState {
  readonly name: string;
  /** What the figure is in the window; `undefined` for too few samples. */
  readonly value: number | undefined;
  readonly samples: number;
  /** Whether it is missed: as long as there are too few samples to say otherwise, too. */
  readonly isMissed: boolean;
}

/** @internal Something that happened and counts. */
export type Sample =
  | { readonly of: 'step'; readonly succeeded: boolean }
  | { readonly of: 'compensation' }
  | { readonly of: 'toolCall' | 'run'; readonly ms: number };

/** @internal Watches one objective. */
export class ObjectiveWatch {
  private readonly window: SlidingSum;
  private readonly minSamples: number;
  private isMissed = false;

  constructor(readonly objective: Objective) {
    const { name, windowMs = 300_000, minSamples = 10 } = objective;
    if (typeof name !== 'string' || name === '') throw new TypeError('the name of an objective must be a text');
    this.window = new SlidingSum(checkBound(`windowMs of objective "${name}"`, windowMs, { min: 60 }));
    this.minSamples = checkBound(`minSamples of objective "${name}"`, minSamples);
    checkBound(`the limit of objective "${name}"`, limitOf(objective), { min: 0, whole: false });
    if (!Object.hasOwn(weighs, objective.figure))
      throw new TypeError(`objective "${name}" has no figure that is known`);
  }

  /** Takes a sample in. */
  add(sample: Sample, now: number): void {
    const weight = weighs[this.objective.figure](sample, this.objective);
    if (weight !== undefined) this.window.add(now, weight.value, weight.count);
  }

  /** Answers an alert when the objective is missed, or met, that was not. */
  check(now: number): ObjectiveAlert | undefined {
    const { value, samples } = this.read(now);
    if (value === undefined) return undefined;
    const { objective } = this;
    const limit = limitOf(objective);
    const isMissed = 'atLeast' in objective ? value < limit : value > limit;
    if (isMissed === this.isMissed) return undefined;
    this.isMissed = isMissed;
    const type = isMissed ? 'objective-missed' : 'objective-met';
    return { type, objective: objective.name, figure: objective.figure, value, limit, samples, timestamp: now };
  }

  state(now: number): ObjectiveState {
    return { name: this.objective.name, ...this.read(now), isMissed: this.isMissed };
  }

  private read(now: number): { readonly value: number | undefined; readonly samples: number } {
    const { sum, count } = this.window.read(now);
    return { value: count < this.minSamples ? undefined : sum / count, samples: count };
  }
}

function limitOf(objective: Objective): number {
  return 'atLeast' in objective ? objective.atLeast : objective.atMost;
}

/** What a sample adds to the sum and to the count of a figure. */
type Weigh = (sample: Sample, objective: Objective) => { readonly value: number; readonly count: number } | undefined;

const weighs: Readonly<Record<Objective['figure'], Weigh>> = {
  successRate: (sample) => (sample.of === 'step' ? { value: sample.succeeded ? 1 : 0, count: 1 } : undefined),
  compensationRate: (sample) => {
    if (sample.of === 'step') return { value: 0, count: 1 };
    return sample.of === 'compensation' ? { value: 1, count: 0 } : undefined;
  },
  meanToolCallMs: (sample) => (sample.of === 'toolCall' ? { value: sample.ms, count: 1 } : undefined),
  meanRunMs: (sample) => (sample.of === 'run' ? { value: sample.ms, count: 1 } : undefined),
  toolCallsWithin: (sample, objective) => within('toolCall', sample, objective),
  runsWithin: (sample, objective) => within('run', sample, objective),
};

function within(of: 'toolCall' | 'run', sample: Sample, objective: Objective): ReturnType<Weigh> {
  if (sample.of !== of) return undefined;
  const { withinMs } = objective as { readonly withinMs: number };
  return { value: (sample as { readonly ms: number }).ms <= withinMs ? 1 : 0, count: 1 };
}
