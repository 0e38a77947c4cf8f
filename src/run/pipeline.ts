import { checkBound } from '../chunk/index.js';
import {
  checkStepId,
  type Form,
  type OutputOf,
  type PipelineNode,
  type SequenceNode,
  type StepFunction,
  stepNode,
  type StepNode,
  type StepOptions,
  type StreamOf,
  type ValueOf,
} from './step.js';

/** How much readers are told while a run goes on. */
export interface StreamingOptions {
  /** Whether events are made at all. Without them a run cannot be watched, nor taken up after a crash. Default `true`. */
  readonly enabled?: boolean;
  /** Whether `step_progress` is among them. Default `true`. */
  readonly emitProgress?: boolean;
  /** Most pieces of a step's output in one `step_output`. Default 16. */
  readonly bufferSize?: number;
  /** Longest a piece waits for others, in milliseconds. Default 50. */
  readonly flushIntervalMs?: number;
}

/** Options of {@link pipeline}. */
export interface PipelineOptions {
  /** Names of services without which a run does not begin. */
  readonly needs?: readonly string[];
  readonly streaming?: StreamingOptions;
}

/** @internal What a pipeline is, when built. */
export interface PipelineDefinition {
  readonly name: string;
  readonly needs: readonly string[];
  readonly streaming: Required<StreamingOptions>;
  readonly root: SequenceNode;
  /** Whether steps refer to what others came to. */
  readonly refers?: boolean;
}

interface StreamIn {
  readonly input: 'stream';
  readonly streaming?: never;
}
interface ValueIn {
  readonly input?: 'value';
  readonly streaming?: never;
}
interface StreamBoth {
  readonly streaming: true;
  readonly input?: never;
  readonly output?: never;
}
interface ValueBoth {
  readonly streaming: false;
  readonly input?: never;
  readonly output?: never;
}

/** The parts of {@link Pipeline.parallel}: what each answers stands under its key. */
type Branches<O, S> = Readonly<Record<string, (start: Pipeline<O, O, S>) => Pipeline<O, unknown, S>>>;

type Answers<B> = {
  readonly [K in keyof B]: B[K] extends (start: never) => { readonly types: { readonly output: infer O } }
    ? ValueOf<O>
    : never;
};

/**
 * A pipeline as it is written down: from an input `I` to an output `O`, with services `S`. It does nothing by itself and never
 * changes; each method answers a longer one.
 */
export class Pipeline<I, O, S> {
  /** For the compiler: at run time nothing is there. */
  declare readonly types: { readonly input: (input: I) => void; readonly output: O };

  /** @internal */
  readonly definition: PipelineDefinition;

  /** @internal */
  constructor(definition: PipelineDefinition) {
    this.definition = definition;
  }

  /** What it is called. */
  get name(): string {
    return this.definition.name;
  }

  /**
   * Adds a step. It may answer a value, a promise, or something that comes bit by bit: an async iterable or an Observable.
   *
   * @param id - unique among its neighbours
   */
  step<R, F extends Form | undefined = undefined>(
    id: string,
    run: StepFunction<StreamOf<O>, R, S>,
    options: StepOptions<ValueOf<O>, ValueOf<OutputOf<R, F>>, S> & StreamIn & { readonly output?: F },
  ): Pipeline<I, OutputOf<R, F>, S>;
  step<R>(
    id: string,
    run: StepFunction<StreamOf<O>, R, S>,
    options: StepOptions<ValueOf<O>, ValueOf<OutputOf<R>>, S> & StreamBoth,
  ): Pipeline<I, OutputOf<R, 'stream'>, S>;
  step<R, F extends Form | undefined = undefined>(
    id: string,
    run: StepFunction<ValueOf<O>, R, S>,
    options?: StepOptions<ValueOf<O>, ValueOf<OutputOf<R, F>>, S> & ValueIn & { readonly output?: F },
  ): Pipeline<I, OutputOf<R, F>, S>;
  step<R>(
    id: string,
    run: StepFunction<ValueOf<O>, R, S>,
    options: StepOptions<ValueOf<O>, ValueOf<OutputOf<R>>, S> & ValueBoth,
  ): Pipeline<I, OutputOf<R, 'value'>, S>;
  step(id: string, run: StepNode['run'], options?: StepOptions<never, never, never>): Pipeline<I, never, S> {
    return this.add(stepNode(id, run, options), id);
  }

  /** Adds a step that makes one piece of each piece that the step before it puts out. */
  each<R>(
    id: string,
    processChunk: StepFunction<O extends { readonly streamed: infer T } ? T : O, R, S>,
    options: Omit<StepOptions, 'input' | 'output' | 'streaming' | 'compensate'> = {},
  ): Pipeline<I, { readonly streamed: Awaited<R> }, S> {
    const run = async function* (input: AsyncIterable<never>, context: never): AsyncGenerator {
      for await (const piece of input) yield await processChunk(piece, context);
    };
    return this.add(stepNode(id, run as never, { ...options, input: 'stream' }), id);
  }

  /** Adds steps that run at the same time, each on the same input. The first that fails aborts the others. */
  parallel<B extends Branches<ValueOf<O>, S>>(id: string, branches: B): Pipeline<I, Answers<B>, S> {
    const built = Object.entries(branches).map(([key, build]) => [checkStepId(key), this.built(build)] as const);
    return this.add({ kind: 'parallel', id, branches: built }, id);
  }

  /** Goes one of two ways. `when` must answer the same for the same input: after a crash it is asked again. */
  branch<T, E = ValueOf<O>>(
    id: string,
    when: (input: ValueOf<O>) => boolean,
    then: (start: Pipeline<ValueOf<O>, ValueOf<O>, S>) => Pipeline<ValueOf<O>, T, S>,
    otherwise?: (start: Pipeline<ValueOf<O>, ValueOf<O>, S>) => Pipeline<ValueOf<O>, E, S>,
  ): Pipeline<I, ValueOf<T> | ValueOf<E>, S> {
    const node = {
      kind: 'branch',
      id,
      when,
      yes: this.built(then),
      no: otherwise === undefined ? empty : this.built(otherwise),
    } as const;
    return this.add(node as PipelineNode, id);
  }

  /** Does the same for each item of a list, some at the same time; the answers in the order of the items. */
  map<T>(
    id: string,
    each: (start: Pipeline<ItemOf<ValueOf<O>>, ItemOf<ValueOf<O>>, S>) => Pipeline<ItemOf<ValueOf<O>>, T, S>,
    options: { readonly concurrency?: number } = {},
  ): Pipeline<I, readonly ValueOf<T>[], S> {
    const concurrency = checkBound('concurrency', options.concurrency ?? 4);
    return this.add({ kind: 'map', id, each: this.built(each), concurrency }, id);
  }

  private add(node: PipelineNode, id: string): Pipeline<I, never, S> {
    checkStepId(id);
    const { root, ...rest } = this.definition;
    if (root.nodes.some((other) => other.id === id)) {
      throw new TypeError(`pipeline "${this.name}" has two steps "${id}" side by side`);
    }
    return new Pipeline({ ...rest, root: { kind: 'sequence', nodes: [...root.nodes, node] } });
  }

  private built(build: unknown): SequenceNode {
    return (build as (start: Pipeline<never, never, S>) => Pipeline<never, unknown, S>)(
      new Pipeline({ ...this.definition, root: empty }),
    ).definition.root;
  }
}

type ItemOf<L> = L extends readonly (infer T)[] ? T : never;

const empty: SequenceNode = { kind: 'sequence', nodes: [] };

/** @internal Settings of streaming, checked, with their defaults. */
export function checkStreaming(options: StreamingOptions = {}): Required<StreamingOptions> {
  const { enabled = true, emitProgress = true, bufferSize = 16, flushIntervalMs = 50 } = options;
  return {
    enabled,
    emitProgress,
    bufferSize: checkBound('streaming.bufferSize', bufferSize),
    flushIntervalMs: checkBound('streaming.flushIntervalMs', flushIntervalMs, { min: 0 }),
  };
}

/**
 * Begins a pipeline. Say what it takes and what services it needs; what a step answers is what the next one is given.
 *
 * @example
 * const answer = pipeline<string, { llm: Llm }>('answer')
 *   .step('search', (question, { signal }) => search(question, { signal }), { retry: { attempts: 3 } })
 *   .step('write', (hits, { services }) => services.llm.stream(hits)) // AsyncIterable<string>
 *   .step('count', (text) => text.length); // given all of it, as one text
 */
export function pipeline<I = unknown, S = unknown>(name: string, options: PipelineOptions = {}): Pipeline<I, I, S> {
  const { needs = [], streaming } = options;
  return new Pipeline({ name: checkStepId(name), needs, streaming: checkStreaming(streaming), root: empty });
}
