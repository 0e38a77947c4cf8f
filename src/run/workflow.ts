import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { runAction, workflowPayloads } from './action.js';
import { type Actor, actor, type ActorContext, type CallOptions } from './actor.js';
import type { ActorChunk } from './actor-chunk.js';
import type { ActorStream } from './actor-stream.js';
import { checkStepId } from './step.js';

/** Options of {@link workflow}. */
export interface WorkflowOptions {
  /** The clock. Default `asyncScheduler`. */
  readonly scheduler?: Pick<SchedulerLike, 'now'>;
}

/** What an action may look at beside what the one before it answered. */
export interface WorkflowState {
  /** What the workflow was asked. */
  readonly input: unknown;
  /** What actions have answered, by their names. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Options of an action that is given what the one before it answered. */
export interface ActionOptions<P> {
  /** Whether it is done at all; otherwise what came before it is passed on. Default: it is. */
  readonly when?: (previous: P, state: WorkflowState) => boolean;
}

/** Options of an action that is given something else. */
export interface GivenActionOptions<P, I> extends ActionOptions<P> {
  /** What its actor is asked. */
  readonly input: (previous: P, state: WorkflowState) => I;
}

interface Planned {
  readonly action: string;
  readonly actor: Actor;
  readonly options: Partial<GivenActionOptions<never, unknown>>;
}

/**
 * Actors that work one after the other, as one actor: it tells of each by `action-start`, `action-complete` and what is between
 * (`workflowPayloads`), and its output is that of the last. It never changes; each `action` answers a longer one.
 */
export class Workflow<I, O> implements Actor<I, never, O> {
  private readonly whole: Actor<I, never, O>;

  /** @internal */
  constructor(
    readonly name: string,
    private readonly plan: readonly Planned[],
    private readonly options: WorkflowOptions,
  ) {
    const stream = (input: I, context: ActorContext): AsyncGenerator<ActorChunk<never, O>> => this.run(input, context);
    this.whole = actor<I, never, O>(name, { stream, payloads: workflowPayloads });
  }

  /**
   * Adds an action. Its actor is given what the one before answered, or what `input` makes of that.
   *
   * @param id - unique in the workflow
   */
  action<N>(id: string, actor: Actor<O, unknown, N>): Workflow<I, N>;
  action<N>(id: string, actor: Actor<O, unknown, N>, options: ActionOptions<O>): Workflow<I, N | O>;
  action<G, N>(id: string, actor: Actor<G, unknown, N>, options: GivenActionOptions<O, G>): Workflow<I, N>;
  action(id: string, one: Actor, options: Planned['options'] = {}): Workflow<I, never> {
    checkStepId(id);
    if (this.plan.some(({ action }) => action === id)) {
      throw new TypeError(`workflow "${this.name}" has two actions "${id}"`);
    }
    return new Workflow(this.name, [...this.plan, { action: id, actor: one, options }], this.options);
  }

  stream(input: I, options?: CallOptions): ActorStream<never, O> {
    return this.whole.stream(input, options);
  }

  execute(input: I, options?: CallOptions): Promise<O> {
    return this.whole.execute(input, options);
  }

  private async *run(input: I, context: ActorContext): AsyncGenerator<ActorChunk<never, O>, void> {
    const { scheduler = asyncScheduler } = this.options;
    const outputs: Record<string, unknown> = {};
    const state: WorkflowState = { input, outputs };
    let previous: unknown = input;
    for (const planned of this.plan) {
      const { action, options } = planned;
      if (options.when?.(previous as never, state) === false) {
        yield { type: 'action-skip', action, actor: planned.actor.name } as unknown as ActorChunk<never, never>;
        continue;
      }
      const given = options.input === undefined ? previous : options.input(previous as never, state);
      previous = yield* runAction(planned, given, context, scheduler);
      outputs[action] = previous;
    }
    yield previous === undefined ? { type: 'complete' } : { type: 'complete', output: previous as O };
  }
}

/**
 * Begins a workflow of actors. For branches, retries and compensation put actors into a pipeline (`outputStep`).
 *
 * @example
 * const answer = workflow<string>('answer').action('search', searcher).action('write', writer);
 * answer.stream('What is a sluice?').subscribe((chunk) => show(chunk));
 */
export function workflow<I>(name: string, options: WorkflowOptions = {}): Workflow<I, I> {
  return new Workflow<I, I>(name, [], options);
}
