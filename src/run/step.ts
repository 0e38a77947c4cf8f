import { checkBound, type JsonValue, kindOf } from '../chunk/index.js';
import type { Earlier } from './earlier.js';
import type { Assembly, Streamed, StreamInput, StreamLike } from './streamed.js';

/** What a step is given beside its input. */
export interface StepContext<S = unknown> {
  /** The run's id, of which its stream is named. */
  readonly executionId: string;
  /** Where in the pipeline the step is, such as `pages/3/fetch`. */
  readonly stepId: string;
  /** Counts how often the step was begun in this run, from 1, in whatever process. */
  readonly attempt: number;
  /** Aborts when the run is cancelled or has failed, or the step took longer than it may. */
  readonly signal: AbortSignal;
  /** What the run was given to work with. */
  readonly services: S;
  /** What {@link StepContext.checkpoint} saved last, in this process or one before it; `undefined` for nothing. */
  readonly restored: JsonValue | undefined;
  /** Says how far the step is, from 0 to 1. Beyond the end of the step it says nothing. */
  readonly emitProgress: (fraction: number, message?: string) => void;
  /** Tells readers something, as an event of a kind of your own. */
  readonly emit: (type: string, data: Readonly<Record<string, JsonValue>>) => void;
  /** Says something to whoever looks after the run. */
  readonly log: (message: string, fields?: JsonValue) => void;
  /** Saves the step's own state: resolves when it is kept. After a crash the step begins with it as `restored`. */
  readonly checkpoint: (state: JsonValue) => Promise<void>;
  /**
   * Waits for somebody to answer under this name, be it days later and in another process. A second answer under the name is
   * refused.
   */
  readonly waitFor: (name: string, options?: WaitOptions) => Promise<JsonValue>;
}

/** Options of {@link StepContext.waitFor}. */
export interface WaitOptions {
  /** What the one who answers should know: a question, a form. */
  readonly details?: JsonValue;
  /** Who may answer. Default: whoever may answer the run at all. */
  readonly by?: readonly string[];
}

/** What a step does. */
export type StepFunction<I, R, S> = (input: I, context: StepContext<S>) => R;

/** How often and when a step that failed is run again. */
export interface RetryOptions {
  /** Attempts in all. Default 1: none again. */
  readonly attempts: number;
  /** Longest wait before the second attempt; it doubles with each. Default 500. */
  readonly delayMs?: number;
  /** Longest wait. Default 30 000. */
  readonly maxDelayMs?: number;
  /** Whether it is worth another attempt. Default: always. */
  readonly retryOn?: (error: unknown) => boolean;
}

/** Options of a step. */
export interface StepOptions<I = unknown, O = unknown, S = unknown> {
  /** What it is given of a step before it that puts out bit by bit: all of it as one value, or a stream. Default `value`. */
  readonly input?: Form;
  /**
   * What it puts out, whatever it answers: with `value` what comes bit by bit is one value before anybody sees it, with `stream` a
   * value is a stream of one piece. Default: what it answers.
   */
  readonly output?: Form;
  /** Sets `input` and `output` to `stream`, or to `value`. */
  readonly streaming?: boolean;
  /**
   * Puts what comes bit by bit into a stream of its own as well, beside the events of the run, which hold only its name:
   * `stream:runs/…`. Only where runs are streams.
   */
  readonly publish?: boolean;
  /** How what it puts out bit by bit becomes one value. Default: texts are joined, bytes are joined, all else is a list. */
  readonly assemble?: Assembly;
  readonly retry?: RetryOptions;
  /** Longest one attempt may take, in milliseconds: then it has failed, whether it heeds its signal or not. Default: no limit. */
  readonly timeoutMs?: number;
  /** Undoes what the step has done, when a later one fails or the run is cancelled. */
  readonly compensate?: (output: O, context: StepContext<S>, input: I) => unknown;
  /** Most bytes of text or bytes it may put out; more is an `overflow`. Default 16 MiB. */
  readonly maxOutputBytes?: number;
}

/** One value, or many bit by bit. */
export type Form = 'value' | 'stream';

/** What later steps get as a value of what a step answered. */
export type ValueOf<O> =
  O extends Streamed<infer T> ? (T extends string ? string : T extends Uint8Array ? Uint8Array : readonly T[]) : O;

/** What later steps get as a stream. */
export type StreamOf<O> = StreamInput<O extends Streamed<infer T> ? T : O>;

/** What a step's answer is to later steps, which may say so itself. */
export type OutputOf<R, F = undefined> = [F] extends ['value']
  ? ValueOf<Answered<R>>
  : [F] extends ['stream']
    ? Answered<R> extends Streamed<infer T>
      ? Streamed<T>
      : Streamed<Answered<R>>
    : Answered<R>;

type Answered<R> = Awaited<R> extends StreamLike<infer T> ? Streamed<T> : Awaited<R>;

/** @internal A step, checked. */
export interface StepNode {
  readonly kind: 'step';
  readonly id: string;
  readonly run: (input: never, context: StepContext<never>, earlier?: Earlier) => unknown;
  readonly options: StepOptions<never, never, never>;
}

/** @internal Steps one after the other. */
export interface SequenceNode {
  readonly kind: 'sequence';
  readonly nodes: readonly PipelineNode[];
}

/** @internal Steps at the same time, all on the same input; the answers by key. */
export interface ParallelNode {
  readonly kind: 'parallel';
  readonly id: string;
  readonly branches: readonly (readonly [key: string, parts: SequenceNode])[];
}

/** @internal One of two. */
export interface BranchNode {
  readonly kind: 'branch';
  readonly id: string;
  readonly when: (input: never, earlier?: Earlier) => boolean;
  readonly yes: SequenceNode;
  readonly no: SequenceNode;
}

/** @internal The same for each item of a list. */
export interface MapNode {
  readonly kind: 'map';
  readonly id: string;
  /** The list, where that is not what the part before it came to. */
  readonly list?: ((input: unknown, earlier: Earlier | undefined) => unknown) | undefined;
  readonly each: SequenceNode;
  readonly concurrency: number;
}

/** @internal A part of a pipeline. */
export type PipelineNode = StepNode | ParallelNode | BranchNode | MapNode;

const idPattern = /^[\w.-]{1,64}$/;

/** @internal */
export function checkStepId(id: unknown): string {
  if (typeof id === 'string' && idPattern.test(id)) return id;
  throw new TypeError('a step id must be 1 to 64 letters, digits, "_", "-" or "."');
}

/** @internal Checks a step, naming the option that cannot be. */
export function stepNode(id: string, run: StepNode['run'], options: StepOptions<never, never, never> = {}): StepNode {
  checkStepId(id);
  if (typeof run !== 'function') throw new TypeError(`step "${id}" must be a function`);
  const { retry, timeoutMs, maxOutputBytes, streaming } = options;
  const both = streaming === undefined ? undefined : streaming ? 'stream' : 'value';
  const input = checkForm(`input of step "${id}"`, options.input ?? both);
  const output = checkForm(`output of step "${id}"`, options.output ?? both);
  if (retry !== undefined) {
    checkBound('retry.attempts', retry.attempts);
    checkBound('retry.delayMs', retry.delayMs ?? 500, { min: 0 });
    checkBound('retry.maxDelayMs', retry.maxDelayMs ?? 30_000, { min: 0 });
  }
  if (timeoutMs !== undefined) checkBound('timeoutMs', timeoutMs, { max: 2 ** 31 - 1 });
  if (maxOutputBytes !== undefined) checkBound('maxOutputBytes', maxOutputBytes, { infinite: true });
  return { kind: 'step', id, run, options: { ...options, ...(input && { input }), ...(output && { output }) } };
}

function checkForm(name: string, form: unknown): Form | undefined {
  if (form === undefined || form === 'value' || form === 'stream') return form;
  throw new TypeError(`${name} must be "value" or "stream", got ${kindOf(form)}`);
}
