import type { OperatorFunction, Subscriber } from 'rxjs';
import * as z from 'zod';
import { checkBound, firstProblem, isNotice, isSeq, kindOf, type Notice, StreamError } from '../src/chunk/index.js';
import type { Flow, Lane } from '../src/flow/index.js';
import type { Probe } from '../src/probe/index.js';
import type { MaybeNotice } from './numbered.js';
import { callbackError, operate, Stage, tell } from './operate.js';
import { Ring } from './ring.js';

/** Options of {@link validate}. */
export interface ValidateOptions {
  /**
   * What becomes of an item that does not fit: `error` ends the stream, `drop` lets it go, `result` says of every item
   * whether it fits. Default `error`.
   */
  readonly onInvalid?: 'error' | 'drop' | 'result';
  /**
   * `sync` judges an item in the call that brought it. A schema that must wait for something needs `async`: items are judged
   * side by side and come out in order. Default `sync`.
   */
  readonly mode?: 'sync' | 'async';
  /** Most items being judged at once; needs `mode: 'async'`. One more fails the stream. Default 1024. */
  readonly maxPending?: number;
  /** With `mode: 'async'`: the flow whose sources stop while more than half of `maxPending` is being judged. */
  readonly flow?: Flow;
  /** Most issues an error or a result names. Default 20. */
  readonly maxIssues?: number;
  /** Hears `invalid`. */
  readonly probe?: Probe;
}

/** What {@link validate} says of an item that fits. */
export interface ValidItem<T> {
  readonly ok: true;
  /** What the schema made of it. */
  readonly value: T;
}

/** What {@link validate} says of an item that does not fit. The item itself is left out: it may hold what is nobody's business. */
export interface InvalidItem {
  readonly ok: false;
  /** Its place among the items, from 0. */
  readonly index: number;
  /** What is wrong with it, in a sentence. */
  readonly message: string;
  /** What zod found, `maxIssues` at most. */
  readonly issues: readonly z.core.$ZodIssue[];
}

/** What comes out where items of `T` are validated by `S`: what the schema makes of them, and the notices among them. */
export type Validated<T, S extends z.ZodType> = z.output<S> | Extract<T, Notice>;

/** What comes out with `onInvalid: 'result'`. */
export type ValidationResult<T, S extends z.ZodType> = ValidItem<z.output<S>> | InvalidItem | Extract<T, Notice>;

/**
 * Lets through only what fits a zod schema, as the schema makes it: with its defaults, coercions and transforms.
 *
 * - **Emits** what the schema made of each item, at once, or in order when it is known with `mode: 'async'`; never the item
 *   itself. Notices pass.
 * - **Errors** with `chunk-invalid`, naming the item's place and the first wrong field, zod's error as its `cause`; with
 *   `callback-failed` when a check of the schema throws, or waits though `mode` is `sync`; with `overflow` beyond
 *   `maxPending`; with the source, at once.
 * - **Completes** with the source, once all is judged.
 * - **Holds** nothing; with `mode: 'async'` at most `maxPending` items.
 *
 * @example
 * // source                                      -a-x-b|     x: does not fit
 * // validate(schema)                            -a-#
 * // validate(schema, { onInvalid: 'drop' })     -a---b|
 * // validate(schema, { onInvalid: 'result' })   -A-X-B|     A: { ok: true, value: a }  X: { ok: false, index: 1, … }
 * events$.pipe(validate(z.object({ type: z.string(), at: z.coerce.date() })));
 */
export function validate<T, S extends z.ZodType>(
  schema: S,
  options: ValidateOptions & { readonly onInvalid: 'result' },
): OperatorFunction<T, ValidationResult<T, S>>;
export function validate<T, S extends z.ZodType>(
  schema: S,
  options?: ValidateOptions & { readonly onInvalid?: 'error' | 'drop' },
): OperatorFunction<T, Validated<T, S>>;
export function validate<T, S extends z.ZodType>(
  schema: S,
  options: ValidateOptions = {},
): OperatorFunction<T, unknown> {
  const { onInvalid = 'error', mode = 'sync', maxPending = 1024, maxIssues = 20, probe } = options;
  if (typeof (schema as Partial<S> | undefined)?.safeParse !== 'function') {
    throw new TypeError(`schema must be a zod schema, got ${kindOf(schema)}`);
  }
  if (!['error', 'drop', 'result'].includes(onInvalid)) {
    throw new TypeError('onInvalid must be "error", "drop" or "result"');
  }
  if (mode !== 'sync' && mode !== 'async') throw new TypeError('mode must be "sync" or "async"');
  checkBound('maxPending', maxPending);
  checkBound('maxIssues', maxIssues);
  const rules = { schema, onInvalid, maxPending, maxIssues, flow: options.flow, probe };
  return operate((destination) =>
    mode === 'sync' ? new Validate<T>(destination, rules) : new ValidateAsync<T>(destination, rules),
  );
}

interface Rules extends Required<Pick<ValidateOptions, 'onInvalid' | 'maxPending' | 'maxIssues'>> {
  readonly schema: z.ZodType;
  readonly flow: Flow | undefined;
  readonly probe: Probe | undefined;
}

const operator = 'validate';

class Validate<T> extends Stage<T, unknown> {
  private index = 0;
  private readonly schema: z.ZodType;
  private readonly plain: boolean;

  constructor(
    destination: Subscriber<unknown>,
    protected readonly rules: Rules,
  ) {
    super(destination);
    this.schema = rules.schema;
    this.plain = rules.onInvalid !== 'result';
  }

  protected override _next(item: T): void {
    if (isNoticeAmongItems(item)) return this.destination.next(item);
    const index = this.index++;
    let result: z.ZodSafeParseResult<unknown>;
    try {
      result = this.schema.safeParse(item);
    } catch (error) {
      return this.fail(callbackError(operator, explained(error)));
    }
    this.deliver(item, index, result);
  }

  /** Does with a judged item what `onInvalid` says. */
  protected deliver(item: unknown, index: number, { data, error }: z.ZodSafeParseResult<unknown>): void {
    if (error === undefined) return this.destination.next(this.plain ? data : { ok: true, value: data });
    const { onInvalid, maxIssues, probe } = this.rules;
    const { field, message } = firstProblem(error, item);
    const sentence = field === undefined ? message : `field "${field}": ${message}`;
    tell(probe, { type: 'invalid', index, field, message: sentence, operator });
    if (onInvalid === 'drop') return;
    const issues = error.issues.slice(0, maxIssues);
    if (onInvalid === 'result') return this.destination.next({ ok: false, index, message: sentence, issues });
    const seq = (item as { seq?: unknown } | null | undefined)?.seq;
    this.fail(
      new StreamError('chunk-invalid', `validate: item ${index}: ${sentence}`, {
        operator,
        ...(field === undefined ? {} : { field }),
        ...(isSeq(seq) ? { seq } : {}),
        cause: issues.length < error.issues.length ? new z.ZodError(issues) : error,
      }),
    );
  }
}

/** An item that waits for its verdict, or for those before it. A notice has none to wait for. */
interface Pending {
  readonly item: unknown;
  readonly index: number;
  verdict?: z.ZodSafeParseResult<unknown> | 'notice';
}

class ValidateAsync<T> extends Validate<T> {
  private readonly pending = new Ring<Pending>(this.rules.maxPending);
  private readonly lane = laneOf(this.rules);
  private place = 0;
  private draining = false;
  private completing = false;

  protected override _next(item: T): void {
    const { pending } = this;
    if (pending.full) {
      // With a flow, only what comes from a source that has no part in it gets here.
      const message = `validate: more than maxPending = ${pending.capacity} items are being judged`;
      return this.fail(new StreamError('overflow', message, { operator }));
    }
    this.lane?.hold();
    if (isNoticeAmongItems(item)) {
      pending.push({ item, index: this.place, verdict: 'notice' });
      return this.drain();
    }
    const waiting: Pending = { item, index: this.place++ };
    pending.push(waiting);
    void this.judge(waiting);
  }

  protected override _complete(): void {
    this.completing = true;
    this.drain();
  }

  protected override release(): void {
    this.pending.clear();
    this.lane?.close();
  }

  private async judge(waiting: Pending): Promise<void> {
    try {
      waiting.verdict = await this.rules.schema.safeParseAsync(waiting.item);
    } catch (error) {
      return this.fail(callbackError(operator, error));
    }
    this.drain();
  }

  /** Delivers what is judged, in order. What a consumer feeds back meanwhile is delivered by the call that is at it. */
  private drain(): void {
    if (this.draining) return;
    this.draining = true;
    for (let next = this.pending.at(0); next?.verdict !== undefined; next = this.pending.at(0)) {
      this.pending.shift();
      this.lane?.release();
      if (next.verdict === 'notice') this.destination.next(next.item);
      else this.deliver(next.item, next.index, next.verdict);
    }
    this.draining = false;
    if (this.completing && this.pending.length === 0 && !this.closed) super._complete();
  }
}

/** Its bound is that of the stage, which has the last word. */
function laneOf({ flow, maxPending }: Rules): Lane | undefined {
  return flow?.lane({ name: operator, window: Math.ceil(maxPending / 2), tolerance: Infinity });
}

function isNoticeAmongItems(item: unknown): boolean {
  return (item as MaybeNotice | null | undefined)?.kind !== undefined && isNotice(item);
}

/** What zod throws at a schema that has to wait names no way out. */
function explained(error: unknown): unknown {
  return error instanceof z.core.$ZodAsyncError ? new TypeError("the schema waits: set mode to 'async'") : error;
}
