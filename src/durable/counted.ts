import type { Principal } from '../auth/auth.js';
import { budgetKey } from '../auth/budget-key.js';
import type { Quotas } from '../auth/quotas.js';
import { StreamError } from '../chunk/index.js';
import type { DurableStreams } from './durable-streams.js';
import { answerError, type Outflow, type Reply, type Sink } from './reply.js';
import type { DurableRequest } from './request.js';
import type { SharedBytes } from './shared-bytes.js';

/** @internal A server of the Durable Streams protocol that counts what everybody writes and reads, and stops who has had enough. */
export class Counted implements DurableStreams {
  constructor(
    private readonly inner: DurableStreams,
    private readonly quotas: Quotas,
  ) {}

  async handle(request: DurableRequest): Promise<Reply> {
    const { quotas } = this;
    const key = budgetKey(request.principal, request.address);
    try {
      const reply = await this.inner.handle(new CountedRequest(request, quotas, key));
      return request.method === 'GET' ? await meter(reply, quotas, key) : reply;
    } catch (error) {
      return answerError(error);
    }
  }

  dispose(): void {
    this.inner.dispose();
  }
}

/** A request whose body is counted before anything is done with it. */
class CountedRequest implements DurableRequest {
  constructor(
    private readonly request: DurableRequest,
    private readonly quotas: Quotas,
    private readonly key: string,
  ) {}

  get method(): string {
    return this.request.method;
  }

  get target(): string {
    return this.request.target;
  }

  get root(): string {
    return this.request.root;
  }

  get signal(): AbortSignal {
    return this.request.signal;
  }

  get principal(): Principal | undefined {
    return this.request.principal;
  }

  get address(): string | undefined {
    return this.request.address;
  }

  header(name: string): string | undefined {
    return this.request.header(name);
  }

  async body(admits: (length: number) => boolean): Promise<Uint8Array | undefined> {
    const bytes = await this.request.body(admits);
    const retryAfterMs = await this.quotas.spend(this.key, 'bytes', bytes?.length ?? 0);
    if (retryAfterMs === undefined) return bytes;
    throw new StreamError('rate-limited', 'these credentials write as much as they may', { retryAfterMs });
  }
}

/** Counts what is read: refuses what is beyond, and breaks off what goes on for longer. */
async function meter(reply: Reply, quotas: Quotas, key: string): Promise<Reply> {
  const { body } = reply;
  const whole = body instanceof Uint8Array ? body.length : 1;
  const retryAfterMs = reply.status === 200 ? await quotas.spend(key, 'readBytes', whole) : undefined;
  if (retryAfterMs === undefined) {
    return body === undefined || body instanceof Uint8Array
      ? reply
      : { ...reply, body: new Metered(body, quotas, key) };
  }
  if (body !== undefined && !(body instanceof Uint8Array)) body.closed();
  throw new StreamError('budget-exhausted', 'these credentials have read as much as they may', { retryAfterMs });
}

/** An answer that is counted as it is written. */
class Metered implements Outflow {
  private unpaid = 0;
  private paying = false;
  private over = false;

  constructor(
    private readonly inner: Outflow,
    private readonly quotas: Quotas,
    private readonly key: string,
  ) {}

  start(sink: Sink): void {
    const { share } = sink;
    const counting = (bytes: Uint8Array): void => {
      this.unpaid += bytes.length;
      if (!this.paying) void this.pay(sink);
    };
    this.inner.start({
      write: (bytes) => {
        counting(bytes);
        return sink.write(bytes);
      },
      ...(share !== undefined && {
        share: (part: SharedBytes) => {
          counting(part.bytes);
          return share.call(sink, part);
        },
      }),
      end: () => sink.end(),
      abort: () => sink.abort(),
    });
  }

  /** One call at a time: what is written meanwhile is in the next. */
  private async pay(sink: Sink): Promise<void> {
    this.paying = true;
    while (this.unpaid > 0 && !this.over) {
      const bytes = this.unpaid;
      this.unpaid = 0;
      // What cannot be counted at the moment is not held against anybody.
      const retryAfterMs = await this.quotas.spend(this.key, 'readBytes', bytes).catch(() => undefined);
      // Broken off, so that nobody takes it for the end.
      if (retryAfterMs !== undefined) sink.abort();
    }
    this.paying = false;
  }

  drained(): void {
    this.inner.drained();
  }

  closed(): void {
    this.over = true;
    this.inner.closed();
  }
}
