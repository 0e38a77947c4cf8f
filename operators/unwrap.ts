import type { OperatorFunction, Subscriber } from 'rxjs';
import { End, type Gap, type GapReason, isNotice, Mark, type Notice, StreamError } from '../src/chunk/index.js';
import { gapError } from './gap-error.js';
import type { MaybeNotice } from './numbered.js';
import { operate, Stage } from './operate.js';

/** Options of {@link unwrap}. */
export interface UnwrapOptions {
  /**
   * What becomes of a `Gap`: `error` ends the stream with it, `skip` goes on without a word, `pass` lets it through for
   * a consumer that shows holes. Default `error`.
   */
  readonly onGap?: 'error' | 'skip' | 'pass';
}

/**
 * The last stage of a reader: turns items in order, notices among them, into what RxJS consumers expect. Chunks pass, an
 * `End` completes or fails the stream, a `Gap` is an error unless you say otherwise.
 *
 * - **Emits** every item that is no notice, at once; with `onGap: 'pass'` also each `Gap`.
 * - **Errors** with `gap` on a `Gap`, with the error of an `End` that failed or was cancelled (`stream-failed` or
 *   `stream-cancelled` when it has none), with the source.
 * - **Completes** on an `End` that completed, or with the source.
 * - **Holds** nothing.
 *
 * @example
 * // source   -a-b-E      E: the end, completed
 * // unwrap() -a-b-|
 * items$.pipe(dedupe(), gapTimeout({ timeoutMs: 2000 }), reorder(), unwrap()).subscribe(({ data }) => show(data));
 */
export function unwrap<T>(options: UnwrapOptions & { readonly onGap: 'pass' }): OperatorFunction<T, Unwrapped<T> | Gap>;
export function unwrap<T>(
  options?: UnwrapOptions & { readonly onGap?: 'error' | 'skip' },
): OperatorFunction<T, Unwrapped<T>>;
export function unwrap<T>({ onGap = 'error' }: UnwrapOptions = {}): OperatorFunction<T, Unwrapped<T> | Gap> {
  if (!['error', 'skip', 'pass'].includes(onGap)) throw new TypeError('onGap must be "error", "skip" or "pass"');
  return operate((destination) => new Unwrap<T>(destination, onGap));
}

/** Items without the notices among them. */
export type Unwrapped<T> = Exclude<T, Notice>;

const reasons: Record<GapReason, string> = {
  trimmed: 'no longer kept',
  dropped: 'dropped on the way',
  timeout: 'not here in time',
};

class Unwrap<T> extends Stage<T, Unwrapped<T> | Gap> {
  constructor(
    destination: Subscriber<Unwrapped<T> | Gap>,
    private readonly onGap: 'error' | 'skip' | 'pass',
  ) {
    super(destination);
  }

  protected override _next(item: T): void {
    if ((item as MaybeNotice).kind !== undefined && isNotice(item)) return this.heed(item);
    this.destination.next(item as Unwrapped<T>);
  }

  private heed(notice: Notice): void {
    if (notice instanceof Mark) return;
    if (notice instanceof End) return this.end(notice);
    if (this.onGap === 'pass') this.destination.next(notice);
    if (this.onGap === 'error') {
      this.fail(gapError('unwrap', notice.streamId, notice, `will not come: ${reasons[notice.reason]}`));
    }
  }

  private end({ status, streamId, seq, error }: End): void {
    if (status === 'completed') return this.complete();
    const code = status === 'failed' ? 'stream-failed' : 'stream-cancelled';
    const happened = status === 'failed' ? 'failed' : 'was cancelled';
    this.fail(
      error ?? new StreamError(code, `the stream "${streamId}" ${happened} before chunk ${seq}`, { streamId, seq }),
    );
  }
}
