import { Refusal } from './reply.js';
import type { DurableRequest } from './request.js';

/** @internal Receives bodies, within a bound for each and one for all of them together. */
export class Bodies {
  private pending = 0;

  constructor(
    private readonly maxBody: number,
    private readonly maxPending: number,
  ) {}

  /** Runs work on a request's body, which counts until it is done. */
  async with<T>(request: DurableRequest, work: (body: Uint8Array) => Promise<T>): Promise<T> {
    const { maxBody, maxPending } = this;
    const announced = request.header('content-length');
    const length = announced === undefined ? undefined : Number(announced);
    if (length !== undefined && length > maxBody) throw tooLarge(maxBody);
    // A body that does not say how long it is may be as long as any.
    const room = length ?? (request.header('transfer-encoding') === undefined ? 0 : maxBody);
    if (this.pending > 0 && this.pending + room > maxPending) {
      throw new Refusal(503, 'overflow', 'too much is being received at this moment', { 'retry-after': '1' });
    }
    this.pending += room;
    try {
      const body = await request.body(maxBody);
      if (body === undefined) throw tooLarge(maxBody);
      return await work(body);
    } finally {
      this.pending -= room;
    }
  }
}

function tooLarge(maxBody: number): Refusal {
  return new Refusal(413, 'overflow', `a body may have ${maxBody} bytes`);
}
