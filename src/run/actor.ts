import { Observable, type Subscriber, Subscription } from 'rxjs';
import { actorPayloads, jsonProblem, type JsonValue, kindOf } from '../chunk/index.js';
import { createFlow, type Flow } from '../flow/index.js';
import { fromPull, toAsyncIterable } from '../source/iterable.js';
import { type ActorChunk, calledOff, errorChunk, isActorEnd } from './actor-chunk.js';
import { ActorStream } from './actor-stream.js';
import { checkStepId } from './step.js';
import type { Streamed, StreamLike } from './streamed.js';
import type { ValueOf } from './step.js';

/** What an actor is given beside its input. */
export interface ActorContext {
  /** Names the call. */
  readonly id: string;
  /** Counts who took the call up, from 1. Above 1 only where a worker has died with it. */
  readonly attempt: number;
  /** Aborts when nobody wants the call any more. */
  readonly signal: AbortSignal;
  /**
   * Says how far it is, in units of its own. Who listens slowly is told the latest. An actor that streams may as well yield it.
   */
  readonly progress: (current: number, total?: number, message?: string) => void;
}

/** How an actor is called. */
export interface CallOptions {
  /** Names the call: a segment of a stream's name. With a remote actor, a second call of one name joins the first. Default: a random one. */
  readonly id?: string;
  /** Cancels the call; its reason, when it is a text, is the call's. */
  readonly signal?: AbortSignal;
  /** Counts who took the call up. Default 1. */
  readonly attempt?: number;
}

/** Something that does work when called, and says how it gets on; here or on another machine. */
export interface Actor<in I = never, T = unknown, O = unknown> {
  readonly name: string;
  /** Calls it. */
  stream(input: I, options?: CallOptions): ActorStream<T, O>;
  /** Calls it and waits for the output: `stream(input, options).output()`. */
  execute(input: I, options?: CallOptions): Promise<O>;
}

/** An actor that says how it gets on. */
export interface StreamingActor<I, T, O> {
  /**
   * Does the work: an async generator of chunks, or an Observable. Leave out `start`: it is said for you; said again later, it
   * takes back all before it. Without a `complete` at its end it is completed for you; what it throws becomes an `error`.
   */
  stream(input: I, context: ActorContext): StreamLike<ActorChunk<T, O>>;
  /** Checks chunks: with kinds of your own, where it says such. Default `actorPayloads`. */
  readonly payloads?: ActorKinds;
}

/** An actor that only says what it came to. */
export interface ExecutingActor<I, O> {
  /**
   * Does the work. Its answer is the output of the one `complete` that the call streams; at a second attempt a `start` stands
   * before it, so that readers know which attempt it is.
   */
  execute(input: I, context: ActorContext): O | PromiseLike<O>;
}

/** Checks what an actor says; `actorPayloads`, or those with more kinds. */
export interface ActorKinds {
  parse(value: unknown): { readonly type: string };
}

/**
 * Makes an actor.
 *
 * @example
 * const writer = actor('writer', {
 *   async *stream(question: string, { signal }) {
 *     yield { type: 'progress', current: 0, message: 'thinking' };
 *     for await (const token of model(question, { signal })) yield { type: 'data', value: token };
 *   },
 * });
 * await writer.execute('What is a sluice?'); // all tokens, as one text
 */
export function actor<I, T, O = ValueOf<Streamed<T>>>(
  name: string,
  definition: StreamingActor<I, T, O>,
): Actor<I, T, O>;
/** Makes an actor of a function: it streams one `complete`. */
export function actor<I, O>(name: string, definition: ExecutingActor<I, O>): Actor<I, never, O>;
export function actor(name: string, definition: Definition): Actor<JsonValue, JsonValue, JsonValue> {
  checkStepId(name);
  const { stream, execute } = Object(definition) as Definition;
  for (const [key, given] of Object.entries({ stream, execute })) {
    if (given !== undefined && typeof given !== 'function') {
      throw new TypeError(`${key} of actor "${name}" must be a function, got ${kindOf(given)}`);
    }
  }
  if (stream === undefined && execute === undefined) {
    throw new TypeError(`actor "${name}" must have a function stream or execute`);
  }
  const call = (input: JsonValue, options: CallOptions = {}): ActorStream<JsonValue, JsonValue> => {
    const flow = createFlow();
    return new ActorStream((destination) => new Call(definition, input, options, flow, destination).begin(), flow);
  };
  return { name, stream: call, execute: async (input, options) => await call(input, options).output() };
}

type Definition = Partial<StreamingActor<JsonValue, JsonValue, JsonValue> & ExecutingActor<JsonValue, JsonValue>>;

/** Most items of an Observable that wait for whoever reads; one more is an `overflow`. */
const capacity = 65_536;

/** One call of an actor in this process. */
class Call {
  private readonly controller = new AbortController();
  private readonly payloads: ActorKinds;
  private quiet = true;
  /** Where it is, when nobody could hear of it. */
  private latest: ActorChunk | undefined;

  constructor(
    private readonly definition: Definition,
    private readonly input: JsonValue,
    private readonly options: CallOptions,
    private readonly flow: Flow,
    private readonly destination: Subscriber<ActorChunk>,
  ) {
    this.payloads = definition.payloads ?? actorPayloads;
  }

  begin(): void {
    const { destination, controller, options } = this;
    const { signal } = options;
    destination.add(() => controller.abort(calledOff('nobody listens any more')));
    if (signal !== undefined) {
      const cancel = (): void => {
        const error = calledOff(signal.reason);
        controller.abort(error);
        this.fail(error);
      };
      if (signal.aborted) return cancel();
      signal.addEventListener('abort', cancel);
      destination.add(() => signal.removeEventListener('abort', cancel));
    }
    const { id = crypto.randomUUID(), attempt = 1 } = options;
    const context = { id, attempt, signal: controller.signal, progress: this.progress };
    if (this.definition.stream !== undefined) return this.stream(context);
    // One that says no more than what it came to has nothing to take back, but for a call that was begun before.
    if (attempt > 1) this.start();
    if (!destination.closed) void this.execute(context);
  }

  private start(): void {
    const { input, destination, options } = this;
    const asked = input === undefined || jsonProblem(input) !== undefined ? {} : { input };
    const who = options.attempt === undefined ? {} : { attempt: options.attempt };
    destination.next({ type: 'start', ...asked, ...who });
  }

  private async execute(context: ActorContext): Promise<void> {
    try {
      const output = await this.definition.execute!(this.input, context);
      this.say(output === undefined ? { type: 'complete' } : { type: 'complete', output });
    } catch (error) {
      this.fail(error);
    }
  }

  private stream(context: ActorContext): void {
    const { input, destination, flow } = this;
    this.start();
    if (destination.closed) return;
    const source = (): AsyncIterable<ActorChunk> => {
      const answer = this.definition.stream!(input, context);
      return answer instanceof Observable ? toAsyncIterable(answer, { capacity }) : answer;
    };
    destination.add(
      fromPull(source, { flow }).subscribe({
        next: (chunk) => this.say(chunk),
        error: (error) => this.fail(error),
        complete: () => this.say({ type: 'complete' }),
      }),
    );
  }

  private readonly progress = (current: number, total?: number, message?: string): void => {
    const chunk = { type: 'progress', current, ...(total === undefined ? {} : { total }) } as const;
    const said = this.payloads.parse(message === undefined ? chunk : { ...chunk, message }) as ActorChunk;
    if (this.destination.closed) return;
    const isWaiting = this.latest !== undefined;
    this.latest = said;
    if (this.flow.open) return this.catchUp();
    if (isWaiting) return;
    // Whoever is behind has no use for where it was before.
    const waiting = new Subscription(() => this.catchUp());
    this.destination.add(waiting);
    waiting.add(this.flow.whenOpen(() => waiting.unsubscribe()));
  };

  private catchUp(): void {
    if (this.latest === undefined || this.destination.closed) return;
    const { latest } = this;
    this.latest = undefined;
    this.flow.emit(this.destination, latest);
  }

  private say(value: ActorChunk): void {
    let chunk: ActorChunk;
    try {
      chunk = this.payloads.parse(value) as ActorChunk;
    } catch (error) {
      return this.fail(error);
    }
    const isFirst = this.quiet;
    this.quiet = false;
    // That was said already.
    if (isFirst && chunk.type === 'start') return;
    this.catchUp();
    this.destination.next(chunk);
    if (isActorEnd(chunk)) this.destination.complete();
  }

  private fail(error: unknown): void {
    this.catchUp();
    this.destination.next(errorChunk(error));
    this.destination.complete();
  }
}
