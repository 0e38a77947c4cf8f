import type { Principal } from '../auth/auth.js';
import type { Quotas } from '../auth/quotas.js';
import { StreamError } from '../chunk/index.js';
import type { Access } from '../streams/index.js';
import type { DurableStreams } from './durable-streams.js';
import { answerError, type Outflow, type Reply, type Sink } from './reply.js';
import { type DurableRequest, nameOf, nameOfPath, readTarget } from './request.js';

/** What {@link Guarded} asks. */
export interface DurableGuard {
  /** Says who may do what. Default: everybody everything. */
  readonly access?: Access | undefined;
  /** How much each may do. */
  readonly quotas?: Quotas | undefined;
}

/** Where subscriptions are kept: who may see or change those may do everything. */
const books = 'sluice/server/subscriptions';
/** What a worker of a subscription does, with a token that it was given with its work. */
const ofWorkers: ReadonlySet<string> = new Set(['callback', 'ack', 'release']);

/** @internal A server of the Durable Streams protocol behind somebody who asks: who it is, what he may do, and how much of it. */
export class Guarded implements DurableStreams {
  constructor(
    private readonly inner: DurableStreams,
    private readonly guard: DurableGuard,
  ) {}

  async handle(request: DurableRequest): Promise<Reply> {
    try {
      const owner = await this.check(request);
      const { quotas } = this.guard;
      if (quotas === undefined)
        return await this.inner.handle(owner === undefined ? request : new OwnedRequest(request, owner));
      const counted = new CountedRequest(request, owner, quotas, keyOf(request));
      const reply = await this.inner.handle(counted);
      return request.method === 'GET' ? await meter(reply, quotas, keyOf(request)) : reply;
    } catch (error) {
      return answerError(error);
    }
  }

  /** Whether that may be done. Answers whose a stream is that is created. */
  private async check(request: DurableRequest): Promise<string | undefined> {
    const { access } = this.guard;
    if (access === undefined) return undefined;
    const { principal, method } = request;
    const rootPath = new URL(request.root).pathname;
    const { segments } = readTarget(request.target, rootPath);
    if (segments[0] === '__ds') {
      await this.checkControl(access, segments, principal);
      return undefined;
    }
    const name = nameOf(segments);
    if (method === 'PUT') return await this.checkCreate(access, request, name, rootPath);
    const action = method === 'POST' ? 'publish' : method === 'DELETE' ? 'delete' : 'read';
    await access.check(principal, action, name);
    return undefined;
  }

  private async checkControl(access: Access, [, area, , word = '']: readonly string[], principal?: Principal) {
    if (area === 'jwks.json' || ofWorkers.has(word)) return;
    await access.check(principal, 'admin', books);
  }

  private async checkCreate(
    access: Access,
    request: DurableRequest,
    name: string,
    rootPath: string,
  ): Promise<string | undefined> {
    const source = request.header('stream-forked-from');
    const from = source === undefined ? undefined : nameOfPath(source, rootPath);
    if (from !== undefined) await access.check(request.principal, 'read', from);
    return (await access.checkCreate(request.principal, name))['sluice.owner'];
  }

  dispose(): void {
    this.inner.dispose();
  }
}

function keyOf({ principal, address = 'nowhere' }: DurableRequest): string {
  return principal?.id ?? `address ${address}`;
}

/** A request with a word about whose the stream is that it creates. */
class OwnedRequest implements DurableRequest {
  constructor(
    private readonly request: DurableRequest,
    readonly owner: string | undefined,
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

  header(name: string): string | undefined {
    return this.request.header(name);
  }

  body(admits: (length: number) => boolean): Promise<Uint8Array | undefined> {
    return this.request.body(admits);
  }
}

/** A request whose body is counted before anything is done with it. */
class CountedRequest extends OwnedRequest {
  constructor(
    request: DurableRequest,
    owner: string | undefined,
    private readonly quotas: Quotas,
    private readonly key: string,
  ) {
    super(request, owner);
  }

  override async body(admits: (length: number) => boolean): Promise<Uint8Array | undefined> {
    const bytes = await super.body(admits);
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
    this.inner.start({
      write: (bytes) => {
        this.unpaid += bytes.length;
        if (!this.paying) void this.pay(sink);
        return sink.write(bytes);
      },
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
