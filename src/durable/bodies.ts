import { lastly, type MaybePromise, whenReady } from '../log/log.js';
import { Refusal } from './reply.js';
import type { DurableRequest } from './request.js';

/** @internal Receives bodies, within a bound for each and one for all of them together. */
export class Bodies {
  private pending = 0;

  constructor(
    private readonly maxBody: number,
    private readonly maxPending: number,
  ) {}

  /**
   * Runs work on a request's body, which counts as it comes and until the work is done: who announces much and sends nothing
   * takes nobody's room.
   */
  with<T>(request: DurableRequest, work: (body: Uint8Array) => MaybePromise<T>): MaybePromise<T> {
    const { maxBody } = this;
    const announced = Number(request.header('content-length') ?? 0);
    if (announced > maxBody) throw tooLarge(maxBody);
    if (this.pending > 0 && this.pending + announced > this.maxPending) throw tooMuch();
    let received = 0;
    const admits = (length: number): boolean => {
      this.pending += length - received;
      received = length;
      return length <= maxBody && (this.pending <= this.maxPending || this.pending === length);
    };
    return lastly(
      () =>
        whenReady(request.body(admits), (body) => {
          if (body !== undefined) return work(body);
          throw received > maxBody ? tooLarge(maxBody) : tooMuch();
        }),
      () => {
        this.pending -= received;
      },
    );
  }
}

function tooLarge(maxBody: number): Refusal {
  return new Refusal(413, 'overflow', `a body may have ${maxBody} bytes`);
}

function tooMuch(): Refusal {
  return new Refusal(503, 'overflow', 'too much is being received at this moment', { 'retry-after': '1' });
}
