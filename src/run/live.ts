import { Observable, Subject } from 'rxjs';
import type { Flow } from '../flow/index.js';

/** @internal What a step has put out: one value, and the pieces it came in, if it came in pieces. */
export interface Output {
  readonly value: unknown;
  readonly pieces?: readonly unknown[] | undefined;
  /** Which attempt it was. */
  readonly attempt?: number;
  /** What stands for the value in events. */
  readonly reference?: string | undefined;
}

/**
 * What a step puts out while the next one is at work on it. It begins when the next one subscribes, so that nothing has to wait
 * in between.
 *
 * @internal
 */
export class Live {
  private readonly subject = new Subject<unknown>();
  private begun = false;
  /** Whether somebody has it: one attempt can. */
  taken = false;
  /** Called when the step fails. */
  broken: (error: unknown) => void = () => {};
  /** Why the step failed while this was being read: whatever was made of it is worth nothing. */
  failure: { readonly error: unknown } | undefined;

  /** To be taken by the first attempt of the next step. */
  readonly items = new Observable<unknown>((destination) => {
    const subscription = this.subject.subscribe(destination);
    this.begin();
    return subscription;
  });

  /**
   * @param flow - stops the step, where it can be stopped
   * @param start - begins to read what the step puts out
   * @param settled - all of it, when the step has finished, be it at a later attempt
   */
  constructor(
    readonly flow: Flow | undefined,
    private readonly start: () => void,
    readonly settled: Promise<Output>,
  ) {}

  /** Begins, if nobody has subscribed. */
  begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.start();
  }

  next(piece: unknown): void {
    this.subject.next(piece);
  }

  complete(): void {
    this.subject.complete();
  }

  fail(error: unknown): void {
    this.failure = { error };
    this.broken(error);
    this.subject.error(error);
  }
}
