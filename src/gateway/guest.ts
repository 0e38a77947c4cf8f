import type { Principal } from '../auth/auth.js';
import type { Quotas } from '../auth/quotas.js';
import { type EncodedChunk, StreamError } from '../chunk/index.js';
import { type MaybePromise, orElse, whenReady } from '../log/log.js';
import type { Refusals } from '../probe/index.js';
import type { ServerFrame } from '../protocol/index.js';
import type { Access } from '../streams/index.js';
import { leases } from '../streams/lease.js';

/** What a {@link Guest} asks. */
export interface House {
  readonly access?: Access | undefined;
  readonly quotas?: Quotas | undefined;
  readonly refusals?: Pick<Refusals, 'count'> | undefined;
}

/** What cannot be counted at the moment is not held against anybody. */
const uncounted = (): undefined => undefined;

/** Most streams that are remembered to be open to a guest: beyond, they are asked about again. */
const maxOpen = 4096;

/** Lives of streams, or whom they are being asked of: frame after frame is for the same. */
type Open = Map<string, string | Promise<string | undefined>>;

function remember(open: Open, streamId: string, life: string | Promise<string | undefined> | undefined): void {
  if (life === undefined) {
    open.delete(streamId);
    return;
  }
  if (open.size >= maxOpen && !open.has(streamId)) open.clear();
  open.set(streamId, life);
}

function isGone(error: unknown): boolean {
  return error instanceof StreamError && error.code === 'stream-not-found';
}

/** @internal Who is at the other end of a connection, what he may do, and how much of it. */
export class Guest {
  /** When something is to be done about him: his time is over, or it took too long to say who he is. */
  dueAt = Infinity;
  place = 0;
  /** Somebody is just finding out who he is. */
  asking = false;

  /** Streams he may write to. */
  private open: Open | undefined;
  /** Frames that came before it was known who he is. */
  private unheard = 0;
  private unpaid = 0;
  private paying = false;
  private subscriptions = 0;
  /** Whether he has a place among the connections of whoever he is. */
  admitted: MaybePromise<boolean> = true;

  /**
   * @param key - what limits are counted by; `undefined` as long as nobody knows who he is
   * @param cut - called when he has read all he may
   */
  constructor(
    private readonly house: House,
    public principal: Principal | undefined,
    private key: string | undefined,
    private readonly cut: (error: StreamError) => void,
  ) {}

  /** Takes a place among the connections of whoever he is. Answers whether there was one. */
  enter(): MaybePromise<boolean> {
    return this.key === undefined ? true : this.take(this.key);
  }

  private take(key: string): MaybePromise<boolean> {
    return (this.admitted = this.house.quotas?.hold(key, 'connections') ?? true);
  }

  /** He has gone: what he held is free. */
  leave(): void {
    const { key, admitted } = this;
    if (key === undefined) return;
    for (; this.subscriptions > 0; this.subscriptions--) this.house.quotas?.release(key, 'subscriptions');
    this.key = undefined;
    // Perhaps he has gone before it was known whether there was a place for him.
    void whenReady(admitted, (taken) => {
      if (taken) this.house.quotas?.release(key, 'connections');
    });
  }

  /** It is known who he is, or known for longer. Answers whether there is a place for him. */
  known(principal: Principal): MaybePromise<boolean> {
    const { id } = principal;
    return whenReady(this.key === undefined ? this.take(id) : true, (taken) => {
      if (!taken) return false;
      this.key = id;
      this.principal = principal;
      this.open = undefined;
      return true;
    });
  }

  /** Whether he may read a stream, one more than he does. Answers which life of it that holds for; `undefined` for any. */
  checkRead(streamId: string): MaybePromise<string | undefined> {
    return whenReady(this.house.access?.permit(this.principal, 'read', streamId), (life) =>
      whenReady(this.countRead(streamId), () => life),
    );
  }

  private countRead(streamId: string): MaybePromise<void> {
    const { key } = this;
    const { quotas } = this.house;
    if (key === undefined || quotas === undefined) return undefined;
    return whenReady(quotas.hold(key, 'subscriptions'), (held) => {
      if (!held) {
        throw this.refusal('subscriptions', 'limit-reached', 'these credentials read as many streams as they may');
      }
      // He has gone meanwhile.
      if (this.key === undefined) return quotas.release(key, 'subscriptions');
      this.subscriptions++;
      return this.checkBudget(streamId);
    });
  }

  /** He reads one stream less. */
  unread(): void {
    if (this.key === undefined || this.subscriptions === 0) return;
    this.subscriptions--;
    this.house.quotas?.release(this.key, 'subscriptions');
  }

  private async checkBudget(streamId: string): Promise<void> {
    const retryAfterMs = await this.house.quotas!.spend(this.key!, 'readBytes', 1);
    if (retryAfterMs === undefined) return;
    this.unread();
    throw this.exhausted(retryAfterMs, streamId);
  }

  private exhausted(retryAfterMs: number, streamId?: string): StreamError {
    const details = streamId === undefined ? { retryAfterMs } : { retryAfterMs, streamId };
    return this.refusal('budget', 'budget-exhausted', 'these credentials have read as much as they may', details);
  }

  private refusal(
    reason: Parameters<Refusals['count']>[0],
    code: 'limit-reached' | 'rate-limited' | 'budget-exhausted',
    message: string,
    details: { readonly retryAfterMs?: number; readonly streamId?: string } = {},
  ): StreamError {
    this.house.refusals?.count(reason);
    return new StreamError(code, message, details);
  }

  /** Whether he may still read a stream he reads. */
  recheck(streamId: string): MaybePromise<void> {
    return this.house.access?.check(this.principal, 'read', streamId);
  }

  /** Whether he may cancel a stream. Answers which life of it that holds for; `undefined` for any. */
  checkCancel(streamId: string): MaybePromise<string | undefined> {
    return this.house.access?.permit(this.principal, 'cancel', streamId);
  }

  /**
   * Appends, if he may write to a stream, and so many chunks. What he may is known of one life of the stream, which `append` is told:
   * where that is over, he is asked about the next.
   */
  publish(
    streamId: string,
    chunks: readonly EncodedChunk[],
    append: (life: string | undefined) => MaybePromise<void>,
  ): MaybePromise<void> {
    const keep = (life: string | undefined): MaybePromise<void> =>
      orElse(
        () => append(life),
        (error) => {
          if (life === undefined || !isGone(error)) throw error;
          if (this.open?.get(streamId) === life) this.open.delete(streamId);
          return whenReady(this.checkOpen(streamId), append);
        },
      );
    return whenReady(this.checkOpen(streamId), (life) =>
      whenReady(streamId === leases ? this.checkLeases(chunks) : undefined, () =>
        whenReady(this.checkRate(chunks), () => keep(life)),
      ),
    );
  }

  /** Whether he may write to a stream. Answers which life of it that holds for. */
  private checkOpen(streamId: string): MaybePromise<string | undefined> {
    const { access } = this.house;
    if (access === undefined) return undefined;
    const before = this.open?.get(streamId);
    if (before !== undefined) return before;
    const open = (this.open ??= new Map());
    const asked = access.checkPublish(this.principal, streamId);
    if (!(asked instanceof Promise)) {
      remember(open, streamId, asked);
      return asked;
    }
    const settled = (life?: string): void => {
      // Somebody may have asked anew meanwhile.
      if (open.get(streamId) === answer) remember(open, streamId, life);
    };
    const answer: Promise<string | undefined> = asked.then(
      (life) => {
        settled(life);
        return life;
      },
      (error: unknown) => {
        settled();
        throw error;
      },
    );
    // Frames that come meanwhile wait for the very same answer, and so stay in order.
    remember(open, streamId, answer);
    return answer;
  }

  /** Who says that a producer lives must be allowed to be it. */
  private async checkLeases(chunks: readonly EncodedChunk[]): Promise<void> {
    for (const { head } of chunks) {
      const { data } = JSON.parse(head) as { readonly data?: { readonly stream?: unknown } | null };
      const stream = typeof data === 'object' && typeof data?.stream === 'string' ? data.stream : '';
      await this.house.access?.check(this.principal, stream === '' ? 'admin' : 'publish', stream);
    }
  }

  private checkRate(chunks: readonly EncodedChunk[]): MaybePromise<void> {
    const { quotas } = this.house;
    if (quotas === undefined || this.key === undefined) return undefined;
    return this.spend(quotas, this.key, chunks);
  }

  private async spend(quotas: Quotas, key: string, chunks: readonly EncodedChunk[]): Promise<void> {
    const bytes = chunks.reduce((sum, { size }) => sum + size, 0);
    const waits = await Promise.all([quotas.spend(key, 'chunks', chunks.length), quotas.spend(key, 'bytes', bytes)]);
    const retryAfterMs = Math.max(...waits.map((wait) => wait ?? 0));
    if (retryAfterMs === 0) return;
    throw this.refusal('rate', 'rate-limited', 'these credentials write as much as they may', { retryAfterMs });
  }

  /** Frames came from him. Answers with an error when they were too many. */
  async heard(frames: number): Promise<StreamError | undefined> {
    this.unheard += frames;
    if (this.key === undefined) return undefined;
    const owed = this.unheard;
    this.unheard = 0;
    const retryAfterMs = await this.house.quotas?.spend(this.key, 'frames', owed).catch(uncounted);
    if (retryAfterMs === undefined) return undefined;
    return this.refusal('rate', 'rate-limited', 'these credentials send as many frames as they may', { retryAfterMs });
  }

  /** Frames go out to him: what he reads is counted, and he is cut off when it was enough. */
  sent(frames: readonly ServerFrame<EncodedChunk>[]): void {
    if (this.house.quotas === undefined) return;
    for (const frame of frames) {
      if (frame.t !== 'data' && frame.t !== 'subscribed') continue;
      for (const { size } of frame.chunks ?? []) this.unpaid += size;
    }
    if (!this.paying && this.unpaid > 0) void this.pay();
  }

  /** One call at a time: what is read meanwhile is in the next. */
  private async pay(): Promise<void> {
    this.paying = true;
    try {
      while (this.unpaid > 0 && this.key !== undefined) {
        const bytes = this.unpaid;
        this.unpaid = 0;
        const retryAfterMs = await this.house.quotas!.spend(this.key, 'readBytes', bytes).catch(uncounted);
        if (retryAfterMs !== undefined) this.cut(this.exhausted(retryAfterMs));
      }
    } finally {
      this.paying = false;
    }
  }
}
