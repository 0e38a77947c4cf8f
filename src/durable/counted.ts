import type { Principal } from '../auth/auth.js';
import { budgetKey } from '../auth/budget-key.js';
import type { Quotas } from '../auth/quotas.js';
import { StreamError } from '../chunk/index.js';
import type { RefusalReason, Refusals } from '../probe/index.js';
import type { DurableStreams } from './durable-streams.js';
import { answerError, type Outflow, type Reply, type Sink } from './reply.js';
import type { DurableRequest } from './request.js';
import type { SharedBytes } from './shared-bytes.js';

/** @internal A server of the Durable Streams protocol that counts what everybody writes and reads, and stops who has had enough. */
export class Counted implements DurableStreams {
  constructor(
    private readonly inner: DurableStreams,
    private readonly quotas: Quotas,
    private readonly refusals?: Pick<Refusals, 'count'>,
  ) {}

  async handle(request: DurableRequest): Promise<Reply> {
    const budget = new Budget(this.quotas, budgetKey(request.principal, request.address), this.refusals);
    try {
      const reply = await this.inner.handle(new CountedRequest(request, budget));
      return request.method === 'GET' ? await meter(reply, budget) : reply;
    } catch (error) {
      return answerError(error);
    }
  }

  dispose(): void {
    this.inner.dispose();
  }
}

/** What somebody has used of what he may. */
class Budget {
  constructor(
    private readonly quotas: Quotas,
    private readonly key: string,
    private readonly refusals: Pick<Refusals, 'count'> | undefined,
  ) {}

  /** Writes so much more, or is told when he may. */
  async write(what: 'chunks' | 'bytes', amount: number): Promise<void> {
    const retryAfterMs = await this.quotas.spend(this.key, what, amount);
    if (retryAfterMs === undefined) return;
    throw this.refusal('rate', 'rate-limited', 'these credentials write as much as they may', retryAfterMs);
  }

  /** Reads so much more. Answers with an error where he has read what he may. */
  async read(bytes: number): Promise<StreamError | undefined> {
    const retryAfterMs = await this.quotas.spend(this.key, 'readBytes', bytes);
    if (retryAfterMs === undefined) return undefined;
    return this.refusal('budget', 'budget-exhausted', 'these credentials have read as much as they may', retryAfterMs);
  }

  private refusal(
    reason: RefusalReason,
    code: 'rate-limited' | 'budget-exhausted',
    message: string,
    retryAfterMs: number,
  ): StreamError {
    this.refusals?.count(reason);
    return new StreamError(code, message, { retryAfterMs });
  }
}

/** A request whose body is counted before anything is done with it, and its chunks before they are kept. */
class CountedRequest implements DurableRequest {
  constructor(
    private readonly request: DurableRequest,
    private readonly budget: Budget,
  ) {}

  get method(): string {
    return this.request.method;
  }

  get target(): string {
    return this.request.target;
  }

  get origin(): string {
    return this.request.origin;
  }

  get path(): string {
    return this.request.path;
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
    await this.budget.write('bytes', bytes?.length ?? 0);
    return bytes;
  }

  async count(chunks: number): Promise<void> {
    if (chunks > 0) await this.budget.write('chunks', chunks);
  }
}

/** Counts what is read: refuses what is beyond, and breaks off what goes on for longer. */
async function meter(reply: Reply, budget: Budget): Promise<Reply> {
  const { body } = reply;
  const isWhole = body === undefined || body instanceof Uint8Array;
  const error = reply.status === 200 ? await budget.read(isWhole ? (body?.length ?? 0) : 1) : undefined;
  if (error === undefined) return isWhole ? reply : { ...reply, body: new Metered(body, budget) };
  if (!isWhole) body.closed();
  throw error;
}

/** An answer that is counted as it is written. */
class Metered implements Outflow {
  private unpaid = 0;
  private paying = false;
  private over = false;

  constructor(
    private readonly inner: Outflow,
    private readonly budget: Budget,
  ) {}

  start(sink: Sink): void {
    const { share } = sink;
    const counting = ({ length }: Uint8Array | SharedBytes): void => {
      this.unpaid += length;
      if (!this.paying) void this.pay(sink);
    };
    this.inner.start({
      write: (bytes) => {
        counting(bytes);
        return sink.write(bytes);
      },
      ...(share !== undefined && {
        share: (part: SharedBytes) => {
          counting(part);
          return share.call(sink, part);
        },
      }),
      takes: (bytes) => sink.takes?.(bytes) ?? true,
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
      const error = await this.budget.read(bytes).catch(() => undefined);
      // Broken off, so that nobody takes it for the end.
      if (error !== undefined) sink.abort();
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
