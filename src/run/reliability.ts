import { asyncScheduler, type Observable, type SchedulerLike, Subject } from 'rxjs';
import { checkBound } from '../chunk/index.js';
import { finalEvents, type RunEvent } from './event.js';
import { type Objective, type ObjectiveAlert, type ObjectiveState, ObjectiveWatch, type Sample } from './objective.js';

/** Options of {@link createReliability}. */
export interface ReliabilityOptions {
  /** What is promised. Default: nothing. */
  readonly objectives?: readonly Objective[];
  /** Which attempts of steps count as tool calls. Default: all. */
  readonly isToolCall?: (stepId: string) => boolean;
  /** Runs that are followed at the same time; of one more the longest-known is not followed any more. Default 10 000. */
  readonly maxRuns?: number;
  /** The clock. Default `asyncScheduler`. */
  readonly scheduler?: Pick<SchedulerLike, 'now'>;
}

/** How reliable runs are. A rate or a mean of nothing is `undefined`. */
export interface ReliabilityFigures {
  /** Steps that are over: `succeeded`, `failed` for good, or `aborted` with their run. */
  readonly steps: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly aborted: number;
  readonly compensated: number;
  /** Attempts of steps that are over. */
  readonly toolCalls: number;
  /** Runs that are over, well or not. */
  readonly runs: number;
  /** Runs that are followed. */
  readonly active: number;
  /** SR: successful steps of all that are over. */
  readonly successRate: number | undefined;
  /** CR: compensated steps of all that are over. */
  readonly compensationRate: number | undefined;
  /** TCL: how long a tool call took, in the mean. */
  readonly meanToolCallMs: number | undefined;
  /** WCT: how long a run took, in the mean. */
  readonly meanRunMs: number | undefined;
}

/** The reliability of runs, as their events tell it. */
export interface Reliability {
  /** Takes the next event of any run in. */
  next(event: RunEvent): void;
  /** The figures since the beginning. */
  figures(): ReliabilityFigures;
  /** How the objectives stand. */
  objectives(): readonly ObjectiveState[];
  /** Looks at the objectives without an event: what is over has left their windows. */
  check(): void;
  /** Objectives that are missed, or met again. Hot; never fails. */
  readonly alerts: Observable<ObjectiveAlert>;
}

/** Whether an attempt of a step that is not over has failed. */
type Open = Map<string, boolean>;

/**
 * Adds up how reliable runs are, while they go on. It has no timers, and holds a few numbers, and for each run that is followed the
 * steps that are not over.
 *
 * @example
 * const reliability = createReliability({
 *   objectives: [{ name: 'steps succeed', figure: 'successRate', atLeast: 0.99 }],
 * });
 * reliability.alerts.subscribe((alert) => page(alert));
 * runs.events(executionId).subscribe(reliability);
 */
export function createReliability(options: ReliabilityOptions = {}): Reliability {
  return new Accumulator(options);
}

class Accumulator implements Reliability {
  private readonly runs = new Map<string, Open>();
  private readonly watches: readonly ObjectiveWatch[];
  private readonly maxRuns: number;
  private readonly clock: Pick<SchedulerLike, 'now'>;
  private readonly subject = new Subject<ObjectiveAlert>();
  readonly alerts = this.subject.asObservable();
  private succeeded = 0;
  private failed = 0;
  private aborted = 0;
  private compensated = 0;
  private toolCalls = 0;
  private toolCallMs = 0;
  private ended = 0;
  private runMs = 0;

  constructor(private readonly options: ReliabilityOptions) {
    this.watches = (options.objectives ?? []).map((objective) => new ObjectiveWatch(objective));
    this.maxRuns = checkBound('maxRuns', options.maxRuns ?? 10_000);
    this.clock = options.scheduler ?? asyncScheduler;
  }

  next(event: RunEvent): void {
    const { execution_id: run, step_id: stepId, data } = event;
    const open = this.follow(run);
    if (stepId !== null) this.step(event, stepId, open);
    if (finalEvents.has(event.event_type)) {
      for (const hasFailed of open.values()) this.over(hasFailed ? 'failed' : 'aborted');
      this.runs.delete(run);
      this.ended++;
      const { duration_ms: ms } = data as { readonly duration_ms: number };
      this.runMs += ms;
      this.sample({ of: 'run', ms });
    }
    this.check();
  }

  private follow(run: string): Open {
    let open = this.runs.get(run);
    if (open !== undefined) return open;
    const [longest] = this.runs.keys();
    if (this.runs.size >= this.maxRuns) this.runs.delete(longest!);
    open = new Map();
    this.runs.set(run, open);
    return open;
  }

  private step(event: RunEvent, stepId: string, open: Open): void {
    switch (event.event_type) {
      case 'step_start':
      case 'step_retry':
        open.set(stepId, false);
        return;
      case 'step_complete':
        open.delete(stepId);
        this.called(stepId, event.data.duration_ms);
        this.over('succeeded');
        return;
      case 'step_error':
        // Of one that is over: it could not be undone.
        if (!open.has(stepId)) return;
        open.set(stepId, true);
        this.called(stepId, event.data.duration_ms);
        return;
      case 'step_compensated':
        this.compensated++;
        this.sample({ of: 'compensation' });
        return;
      default:
    }
  }

  private called(stepId: string, ms: number): void {
    if (this.options.isToolCall?.(stepId) === false) return;
    this.toolCalls++;
    this.toolCallMs += ms;
    this.sample({ of: 'toolCall', ms });
  }

  private over(how: 'succeeded' | 'failed' | 'aborted'): void {
    this[how]++;
    this.sample({ of: 'step', succeeded: how === 'succeeded' });
  }

  private sample(sample: Sample): void {
    for (const watch of this.watches) watch.add(sample, this.clock.now());
  }

  check(): void {
    for (const watch of this.watches) {
      const alert = watch.check(this.clock.now());
      if (alert !== undefined) this.subject.next(alert);
    }
  }

  objectives(): readonly ObjectiveState[] {
    return this.watches.map((watch) => watch.state(this.clock.now()));
  }

  figures(): ReliabilityFigures {
    const { succeeded, failed, aborted, compensated, toolCalls, ended: runs } = this;
    const steps = succeeded + failed + aborted;
    return {
      ...{ steps, succeeded, failed, aborted, compensated, toolCalls, runs, active: this.runs.size },
      successRate: ratio(succeeded, steps),
      compensationRate: ratio(compensated, steps),
      meanToolCallMs: ratio(this.toolCallMs, toolCalls),
      meanRunMs: ratio(this.runMs, runs),
    };
  }
}

function ratio(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole;
}
