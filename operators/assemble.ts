import { asyncScheduler, type OperatorFunction, type SchedulerLike, type Subscriber } from 'rxjs';
import { checkBound, kindOf, StreamError } from '../src/chunk/index.js';
import { Alarm } from './alarm.js';
import { GrowingText } from './growing-text.js';
import { callbackError, operate, Stage } from './operate.js';

/** Options of {@link assemble}. */
export interface AssembleOptions<T, K = undefined> {
  /** The text an item adds, processed as you like; nothing where it adds none. */
  readonly delta: (item: T) => string | undefined;
  /** Which text an item belongs to, where several come interleaved. Default: all to one. */
  readonly key?: (item: T) => K;
  /** Why the item is the last of its text; `undefined` when it is not. Default: no item is. */
  readonly finish?: (item: T) => string | undefined;
  /**
   * Judges a text each time it has grown and when it is finished, before anybody sees what is new. A reason refuses it:
   * that ends the stream.
   */
  readonly check?: (text: Assembled<K>) => string | undefined;
  /** Whether a text is emitted each time it has grown, or only as a whole. Default `snapshot`. */
  readonly emit?: 'snapshot' | 'final';
  /** Items a text grows by between two snapshots. Default 1; with `everyMs` any. */
  readonly everyItems?: number;
  /** Longest time a text has grown without a snapshot. Default: any. */
  readonly everyMs?: number;
  /** Most UTF-16 units of a text. Default 1 000 000. */
  readonly maxLength?: number;
  /** What becomes of a text beyond `maxLength`: `error` fails the stream, `truncate` keeps its beginning. Default `error`. */
  readonly onOverflow?: 'error' | 'truncate';
  /** Most texts that are unfinished at the same time. One more fails the stream. Default 64. */
  readonly maxKeys?: number;
  /** Whether unfinished texts are emitted before an error. Default `emit`. */
  readonly onError?: 'emit' | 'discard';
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** A text, as far as it has come. Well-formed: it ends with no half of a surrogate pair. */
export interface Assembled<K = undefined> {
  /** Which text, where there are several. */
  readonly key: K;
  /**
   * `growing`: there may be more; `done`: its last item has come; `partial`: the stream ended before that; `refused`: what
   * came next was refused, and is not in it.
   */
  readonly status: 'growing' | 'done' | 'partial' | 'refused';
  /** All of it. Joined when it is read: read it when it is shown, not for every token. */
  readonly text: string;
  /** What has come since this text was emitted before. */
  readonly delta: string;
  /** UTF-16 units of the text. */
  readonly length: number;
  /** Whether it was longer than `maxLength`. */
  readonly truncated: boolean;
  /** Why it is finished, or refused. */
  readonly reason: string | undefined;
  /** `content-refused` where it was refused. */
  readonly error: StreamError | undefined;
}

/**
 * Assembles texts of the pieces they come in, such as the tokens of a model: growing snapshots on the way, the whole at the
 * end. Stands behind `unwrap`.
 *
 * - **Emits** a text when it has grown (`snapshot`), at once or as often as `everyItems` and `everyMs` say; each text once
 *   more as a whole: `done` when its last item comes, `partial` before the completion or an error, `refused` when `check`
 *   gives a reason. Items that add nothing bring nothing out.
 * - **Errors** with `overflow` on a text beyond `maxLength`, or more than `maxKeys`; with `callback-failed` when a function
 *   of yours throws; with the source.
 * - **Completes** with the source, or behind a refused text, the source let go.
 * - **Holds** at most `maxKeys` texts of `maxLength`, and with `everyMs` one timer.
 *
 * @example
 * // source                                      -a-b-c|   c: the last
 * // assemble({ delta, finish })                 -A-B-C|   A: a, growing  B: ab, growing  C: abc, done
 * // assemble({ delta, finish, emit: 'final' })  -----C|
 * tokens$.pipe(assemble({ delta: ({ choices: [first] }) => first.delta.content, everyMs: 50 }));
 */
export function assemble<T, K = undefined>(options: AssembleOptions<T, K>): OperatorFunction<T, Assembled<K>> {
  const { delta, key, finish, check, emit = 'snapshot', onOverflow = 'error', onError = 'emit' } = options;
  if (typeof delta !== 'function') throw new TypeError(`delta must be a function, got ${kindOf(delta)}`);
  for (const [name, callback] of Object.entries({ key, finish, check })) {
    if (callback === undefined || typeof callback === 'function') continue;
    throw new TypeError(`${name} must be a function, got ${kindOf(callback)}`);
  }
  if (emit !== 'snapshot' && emit !== 'final') throw new TypeError('emit must be "snapshot" or "final"');
  if (onOverflow !== 'error' && onOverflow !== 'truncate') {
    throw new TypeError('onOverflow must be "error" or "truncate"');
  }
  if (onError !== 'emit' && onError !== 'discard') throw new TypeError('onError must be "emit" or "discard"');
  const { maxLength = 1_000_000, maxKeys = 64, everyMs = Infinity } = options;
  const { everyItems = everyMs === Infinity ? 1 : Infinity } = options;
  checkBound('maxLength', maxLength);
  checkBound('maxKeys', maxKeys);
  checkBound('everyMs', everyMs, { infinite: true });
  checkBound('everyItems', everyItems, { infinite: true });
  const bounds = { maxLength, maxKeys, everyMs, everyItems };
  return operate((destination) => new Assemble(destination, { ...options, ...bounds }));
}

type Rules<T, K> = AssembleOptions<T, K> &
  Required<Pick<AssembleOptions<T, K>, 'maxLength' | 'maxKeys' | 'everyMs' | 'everyItems'>>;

const operator = 'assemble';

/** One text that is not finished. */
class Growing<K> {
  readonly text: GrowingText;
  /** What has come since it was emitted, and in how many items. */
  fresh = '';
  items = 0;

  constructor(
    readonly key: K,
    maxLength: number,
  ) {
    this.text = new GrowingText(maxLength);
  }
}

class Assemble<T, K> extends Stage<T, Assembled<K>> {
  private readonly growing = new Map<K, Growing<K>>();
  private readonly snapshots: boolean;
  private readonly alarm: Alarm | undefined;

  constructor(
    destination: Subscriber<Assembled<K>>,
    private readonly rules: Rules<T, K>,
  ) {
    super(destination);
    const { emit = 'snapshot', everyMs, scheduler = asyncScheduler } = rules;
    this.snapshots = emit === 'snapshot';
    if (this.snapshots && everyMs !== Infinity) this.alarm = new Alarm(scheduler, () => this.emitGrown());
  }

  protected override _next(item: T): void {
    let key: K;
    let delta: string;
    let reason: string | undefined;
    try {
      const { rules } = this;
      key = rules.key?.(item) as K;
      delta = rules.delta(item) ?? '';
      reason = rules.finish?.(item);
    } catch (error) {
      return this.fail(callbackError(operator, error));
    }
    if (delta === '' && reason === undefined) return;
    const growing = this.growing.get(key) ?? this.begin(key);
    if (growing !== undefined) this.grow(growing, delta, reason);
  }

  protected override _error(error: unknown): void {
    if (this.rules.onError !== 'discard') this.emitPartial();
    if (!this.closed) super._error(error);
  }

  protected override _complete(): void {
    this.emitPartial();
    if (!this.closed) super._complete();
  }

  protected override release(): void {
    this.alarm?.cancel();
    this.growing.clear();
  }

  private begin(key: K): Growing<K> | undefined {
    const { maxKeys, maxLength } = this.rules;
    if (this.growing.size >= maxKeys) {
      const message = `assemble: more than maxKeys = ${maxKeys} texts are unfinished`;
      this.fail(new StreamError('overflow', message, { operator }));
      return undefined;
    }
    const growing = new Growing(key, maxLength);
    this.growing.set(key, growing);
    return growing;
  }

  private grow(growing: Growing<K>, delta: string, reason: string | undefined): void {
    const { text } = growing;
    const { maxLength, everyItems, everyMs, onOverflow } = this.rules;
    const done = reason !== undefined;
    const accepted = text.length;
    const added = text.append(delta, done);
    if (!this.accepts(growing, accepted, added, reason)) return;
    growing.fresh += added;
    if (text.full && onOverflow !== 'truncate') {
      const message = `assemble: a text has more than maxLength = ${maxLength} units`;
      return this.fail(new StreamError('overflow', message, { operator }));
    }
    if (done) {
      this.growing.delete(growing.key);
      return this.emit(growing, 'done', reason);
    }
    if (added === '' || !this.snapshots) return;
    if (++growing.items >= everyItems) this.emit(growing, 'growing');
    else if (this.alarm?.pending === false) this.alarm.set(everyMs);
  }

  /** Whether `check` lets pass what has been added; if not, the stream ends with what had been accepted before. */
  private accepts(growing: Growing<K>, accepted: number, added: string, reason: string | undefined): boolean {
    const { check } = this.rules;
    if (check === undefined || (added === '' && reason === undefined)) return true;
    const status = reason === undefined ? 'growing' : 'done';
    let refusal: string | undefined;
    try {
      refusal = check(new Snapshot(growing, status, growing.text.length, growing.fresh + added, reason));
    } catch (error) {
      this.fail(callbackError(operator, error));
      return false;
    }
    if (refusal === undefined) return true;
    const error = new StreamError('content-refused', `assemble: the text was refused: ${refusal}`, { operator });
    // It is the last word: no other text is emitted behind it.
    this.growing.clear();
    this.destination.next(new Snapshot(growing, 'refused', accepted, growing.fresh, refusal, error));
    this.complete();
    return false;
  }

  private emit(growing: Growing<K>, status: Assembled['status'], reason?: string): void {
    const snapshot = new Snapshot(growing, status, growing.text.length, growing.fresh, reason);
    growing.fresh = '';
    growing.items = 0;
    this.destination.next(snapshot);
  }

  /** All that has grown since it was emitted. */
  private emitGrown(): void {
    for (const growing of [...this.growing.values()]) {
      if (growing.items > 0 && !this.closed) this.emit(growing, 'growing');
    }
  }

  private emitPartial(): void {
    const all = [...this.growing.values()];
    this.growing.clear();
    for (const growing of all) {
      if (this.closed) return;
      growing.fresh += growing.text.append('', true);
      this.emit(growing, 'partial');
    }
  }
}

class Snapshot<K> implements Assembled<K> {
  readonly key: K;
  readonly truncated: boolean;
  readonly error: StreamError | undefined;
  readonly #text: GrowingText;

  constructor(
    { key, text }: Growing<K>,
    readonly status: Assembled['status'],
    readonly length: number,
    readonly delta: string,
    readonly reason: string | undefined,
    error?: StreamError,
  ) {
    this.key = key;
    this.#text = text;
    this.truncated = text.full;
    this.error = error;
  }

  get text(): string {
    return this.#text.upTo(this.length);
  }

  /** With its text, which a getter on the prototype would leave out. */
  toJSON(): object {
    return { ...this, text: this.text };
  }
}
