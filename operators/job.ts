import { from, type Observable, type ObservableInput, type Subscriber } from 'rxjs';
import { kindOf } from '../src/chunk/index.js';
import type { Work, WorkContext } from './backpressure.js';
import { callbackError, Stage } from './operate.js';

export type { Work, WorkContext };

/**
 * Who began a job, and is told of its end.
 *
 * @internal
 */
export interface JobOwner {
  done(): void;
  failed(error: unknown): void;
}

/**
 * Work in progress on one item. Its results go straight on, unless `_next` is overridden.
 *
 * @internal
 */
export class Job<R, D = R> extends Stage<R, D> {
  private readonly context = new Context();
  /** Whether it ended by itself, so that there is nothing to abort. */
  private ended = false;

  constructor(
    destination: Subscriber<D>,
    private readonly owner: JobOwner,
  ) {
    super(destination);
  }

  /** Begins. @throws `callback-failed`, naming the operator, when the work throws or gives nothing to subscribe to */
  start<T>(operator: string, project: Work<T, R>, item: T): void {
    let results: Observable<R>;
    try {
      results = from(checkResults(project(item, this.context)));
    } catch (error) {
      throw callbackError(operator, error);
    }
    // The work itself may have ended everything.
    if (!this.closed) results.subscribe(this);
  }

  protected override _error(error: unknown): void {
    this.end();
    this.owner.failed(error);
  }

  protected override _complete(): void {
    this.end();
    this.owner.done();
  }

  protected override release(): void {
    if (!this.ended) this.context.abort();
  }

  private end(): void {
    this.ended = true;
    this.unsubscribe();
  }
}

class Context implements WorkContext {
  private controller: AbortController | undefined;
  private aborted = false;

  /** Made when it is asked for: few do, and it costs more than all the rest. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.aborted) this.controller.abort();
    return this.controller.signal;
  }

  abort(): void {
    this.aborted = true;
    this.controller?.abort();
  }
}

/** RxJS takes text and bytes apart into letters and numbers, which nobody means who returns a chunk's data. */
function checkResults<R>(results: ObservableInput<R>): ObservableInput<R> {
  if (typeof results !== 'string' && !ArrayBuffer.isView(results)) return results;
  throw new TypeError(`project must give an observable, a promise or an iterable, got ${kindOf(results)}`);
}
