import type { SchedulerLike, Subscription as Timer } from 'rxjs';
import type { JsonValue } from '../../chunk/index.js';
import type { StreamEvent } from '../../streams/events.js';
import type { Streams } from '../../streams/index.js';
import { encodeJson } from '../body.js';
import { Ledger } from '../ledger.js';
import { formatOffset } from '../offset.js';
import type { Registry } from '../registry.js';
import { isOurs } from '../request.js';
import { tailOf } from '../stream-record.js';
import {
  type StreamLink,
  subscriptionBook,
  type Subscription,
  type SubscriptionEntry,
  type SubscriptionState,
} from './book.js';
import { matchesGlob } from './glob.js';
import { signatureHeader, tokenOf, type Webhooks } from './webhooks.js';
import { decideWake, pending, reportWork, retryDelayMs, type Tails } from './work.js';

/** What {@link Waker} needs. */
export interface WakerSurroundings {
  readonly streams: Streams;
  readonly registry: Registry;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
  readonly webhooks: Webhooks;
}

/** Most streams a subscription follows. */
export const maxLinks = 10_000;
const maxDelayMs = 2 ** 31 - 1;

/**
 * @internal Calls those to work who subscribed: hears of what is appended, and enters in the books what follows, so that of all
 * servers on one log one calls. What nobody answers is called again when its lease is over, here or elsewhere.
 */
export class Waker {
  readonly ledger: Ledger<SubscriptionState, SubscriptionEntry & JsonValue>;
  private known: SubscriptionState = new Map();
  private readonly timers = new Map<string, Timer>();
  private readonly working = new Map<string, 'once' | 'again'>();
  private readonly unwatch: () => void;
  private hearing: Timer | undefined;
  private over = false;

  constructor(private readonly surroundings: WakerSurroundings) {
    const { streams, scheduler } = surroundings;
    const name = 'sluice/server/subscriptions';
    const book = subscriptionBook as Ledger<SubscriptionState, SubscriptionEntry & JsonValue>['book'];
    this.ledger = new Ledger(streams.log, name, book, () => scheduler.now());
    this.unwatch = streams.log.watch(name, () => void this.refresh());
  }

  get now(): number {
    return this.surroundings.scheduler.now();
  }

  /** A new name for a wake. */
  wakeId(): string {
    const { random } = this.surroundings;
    const part = (): string => Math.floor(random() * 2 ** 32).toString(36);
    return `w_${this.now.toString(36)}${part()}${part()}`;
  }

  /** Looks at the books again, and at what is to be done. */
  async refresh(): Promise<void> {
    if (this.over) return;
    try {
      const state = await this.ledger.read();
      const added = [...state.keys()].filter((id) => !this.known.has(id));
      this.known = new Map(state);
      this.listen();
      for (const subscription of this.known.values()) this.arm(subscription);
      for (const id of added) this.consider(id);
    } catch {
      // The log has its troubles: the next change is as good an occasion.
    }
  }

  /** Where the streams of a subscription end. */
  async tails({ links }: Pick<Subscription, 'links'>): Promise<Tails> {
    const tails = new Map<string, string>();
    for (const path of links.keys()) {
      const record = await this.surroundings.registry.look(path);
      if (record !== undefined) tails.set(path, tailOf(record));
    }
    return tails;
  }

  /** Has a subscription looked after, once for however many ask meanwhile. */
  consider(id: string): void {
    if (this.over) return;
    const busy = this.working.has(id);
    this.working.set(id, busy ? 'again' : 'once');
    if (!busy) void this.work(id);
  }

  private async work(id: string): Promise<void> {
    while (this.working.get(id) !== undefined) {
      this.working.set(id, 'once');
      try {
        await this.wake(id);
      } catch {
        // As above.
      }
      if (this.working.get(id) === 'once') this.working.delete(id);
    }
  }

  private async wake(id: string): Promise<void> {
    const woken = await this.ledger.enter(async (state) => {
      const known = state.get(id);
      if (known === undefined) return { entries: [], result: undefined };
      const tails = await this.tails(known);
      const entries = decideWake(known, tails, this.wakeId(), this.now);
      const wake = entries.find((entry) => entry.t === 'wake');
      const result = wake && { known, tails, wakeId: wake.wake.id, generation: known.generation + 1 };
      return { entries: entries as (SubscriptionEntry & JsonValue)[], result };
    });
    if (woken === undefined || this.over) return;
    const { known, tails, wakeId, generation } = woken;
    if (known.config.type === 'webhook') void this.call(known, tails, wakeId, generation);
    else await this.tell(known, tails, generation);
  }

  /** Writes to the stream that workers read. */
  private async tell({ id, config }: Subscription, tails: Tails, generation: number): Promise<void> {
    const { streams, registry } = this.surroundings;
    const name = config.wakeStream!;
    const known = (await this.ledger.read()).get(id);
    // It is the application that makes it.
    if (known === undefined || (await registry.find(name)) === undefined) return;
    const [stream = null] = pending(known, tails);
    const event = { type: 'wake', subscription_id: id, stream, generation, ts: this.now };
    await streams.append(name, [encodeJson(event, { timestamp: this.now })]);
  }

  private async call(known: Subscription, tails: Tails, wakeId: string, generation: number): Promise<void> {
    const { webhooks, random } = this.surroundings;
    const { id, root } = known;
    const body = JSON.stringify({
      subscription_id: id,
      wake_id: wakeId,
      generation,
      streams: reportWork(known, tails),
      callback_url: `${root}__ds/subscriptions/${encodeURIComponent(id)}/callback`,
      callback_token: tokenOf(webhooks, id, wakeId, generation),
    });
    const headers = {
      'content-type': 'application/json',
      'webhook-signature': signatureHeader(webhooks, body, this.now),
    };
    const answered = await webhooks.post(known.config.webhook!, body, headers).catch(() => undefined);
    const good = answered !== undefined && answered.status >= 200 && answered.status < 300;
    const done = good && isDone(answered.body);
    await this.ledger
      .enter<void>((state) => {
        const now = state.get(id);
        const current = now?.generation === generation && now.wake?.id === wakeId;
        if (!current) return { entries: [], result: undefined };
        if (!good) {
          const attempts = (now.retry?.attempts ?? 0) + 1;
          const retry = { attempts, at: this.now + retryDelayMs(attempts, random()) };
          return {
            entries: [
              { t: 'retry', id, retry },
              { t: 'idle', id },
            ],
            result: undefined,
          };
        }
        const entries: (SubscriptionEntry & JsonValue)[] = now.retry === null ? [] : [{ t: 'retry', id, retry: null }];
        if (done) entries.push({ t: 'ack', id, acks: now.wake!.tails }, { t: 'idle', id });
        return { entries, result: undefined };
      })
      .catch(() => {});
    if (done) this.consider(id);
  }

  /** Hears of appends while there are subscriptions, and only then: news cost every append a little. */
  private listen(): void {
    if (this.known.size === 0) {
      this.hearing?.unsubscribe();
      this.hearing = undefined;
    } else {
      this.hearing ??= this.surroundings.streams.events.subscribe((event) => this.hear(event));
    }
  }

  private hear(event: StreamEvent): void {
    if (event.type !== 'stream.chunk_sent' && event.type !== 'stream.created') return;
    const { streamId, type } = event;
    for (const known of this.known.values()) {
      if (known.links.has(streamId)) this.consider(known.id);
      else if (fits(known, streamId))
        void this.discover(known.id, streamId, type === 'stream.created' ? 0 : event.from);
    }
  }

  /** A stream turns out to be one of a subscription's: what stood there before is not its work. */
  private async discover(id: string, path: string, from: number): Promise<void> {
    const link: StreamLink = { path, explicit: false, glob: true, acked: formatOffset(from) };
    await this.ledger
      .enter<void>((state) => {
        const known = state.get(id);
        const fresh = known !== undefined && !known.links.has(path) && known.links.size < maxLinks;
        return { entries: fresh ? [{ t: 'link', id, link } as SubscriptionEntry & JsonValue] : [], result: undefined };
      })
      .catch(() => {});
    this.consider(id);
  }

  /** Comes back when a lease or a wait is over. */
  private arm({ id, wake, retry }: Subscription): void {
    this.timers.get(id)?.unsubscribe();
    this.timers.delete(id);
    const at = wake === null ? retry?.at : (wake.until ?? undefined);
    if (at === undefined) return;
    const delay = Math.min(maxDelayMs, Math.max(1, at - this.now));
    this.timers.set(
      id,
      this.surroundings.scheduler.schedule(() => this.consider(id), delay),
    );
  }

  dispose(): void {
    this.over = true;
    this.unwatch();
    this.hearing?.unsubscribe();
    for (const timer of this.timers.values()) timer.unsubscribe();
  }
}

/** @internal Whether a stream is of those that a subscription's pattern names; what it is told through is none of them. */
export function fits({ config }: Subscription, path: string): boolean {
  if (config.pattern === null || path === config.wakeStream || isOurs(path)) return false;
  return matchesGlob(config.pattern, path);
}

function isDone(body: string): boolean {
  try {
    return (JSON.parse(body) as { done?: unknown } | null)?.done === true;
  } catch {
    return false;
  }
}
