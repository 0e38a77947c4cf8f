import type { StreamLink, Subscription, SubscriptionEntry, Wake } from './book.js';

/** @internal Where the streams of a subscription end, by path. One that is not there has no tail. */
export type Tails = ReadonlyMap<string, string>;

/** @internal A stream of a subscription, as others are told of it. */
export interface LinkReport {
  readonly path: string;
  readonly link_type: 'explicit' | 'glob';
  readonly acked_offset: string;
}

/** @internal A stream of a wake. */
export interface WorkReport extends LinkReport {
  readonly tail_offset: string;
  readonly has_pending: boolean;
}

/** @internal What is told of a link. */
export function reportLink({ path, explicit, acked }: StreamLink): LinkReport {
  return { path, link_type: explicit ? 'explicit' : 'glob', acked_offset: acked };
}

/** @internal What is told of the streams of a wake. */
export function reportWork({ links }: Subscription, tails: Tails): WorkReport[] {
  return Array.from(links.values(), (link) => {
    const tail = tails.get(link.path) ?? link.acked;
    return { ...reportLink(link), tail_offset: tail, has_pending: tail > link.acked };
  });
}

/** @internal The streams of which something was not worked through. */
export function pending({ links }: Subscription, tails: Tails): string[] {
  return Array.from(links.values())
    .filter(({ path, acked }) => (tails.get(path) ?? '') > acked)
    .map(({ path }) => path);
}

/** @internal Whether nobody is at work, nor called to it. */
export function isIdle({ wake }: Subscription, now: number): boolean {
  return wake === null || (wake.until !== null && wake.until <= now);
}

/** What is given out of the work there is. */
function wakeOf(id: string, tails: Tails, holder: string | null, until: number | null): Wake {
  return { id, tails: Object.fromEntries(tails), holder, until };
}

/**
 * @internal Decides whether to call to work: when there is some, nobody is at it, and it is not too early to try again.
 *
 * @returns the wake to enter; `undefined` when there is none
 */
export function decideWake(known: Subscription, tails: Tails, wakeId: string, now: number): SubscriptionEntry[] {
  const { id, config, retry, wake } = known;
  if (!isIdle(known, now)) return [];
  const over: SubscriptionEntry[] = wake === null ? [] : [{ t: 'idle', id }];
  if (pending(known, tails).length === 0 || (retry !== null && retry.at > now)) return over;
  // A webhook is called with a lease; other workers get theirs when they come.
  const [holder, until] = config.type === 'webhook' ? ['webhook', now + config.leaseMs] : [null, null];
  return [{ t: 'wake', id, wake: wakeOf(wakeId, tails, holder, until) }];
}

/** @internal The outcome of a claim: what to enter, or who has the work; `none` where there is none. */
export type Claim =
  | { readonly entries: readonly SubscriptionEntry[]; readonly wakeId: string; readonly generation: number }
  | { readonly holder: string }
  | 'none';

/** @internal Decides on a worker's claim. */
export function decideClaim(known: Subscription, tails: Tails, worker: string, wakeId: string, now: number): Claim {
  const { id, wake, generation, config } = known;
  const until = now + config.leaseMs;
  if (wake !== null && !isIdle(known, now)) {
    if (wake.holder !== null) return { holder: wake.holder };
    return { entries: [{ t: 'hold', id, holder: worker, until }], wakeId: wake.id, generation };
  }
  if (pending(known, tails).length === 0) return 'none';
  const entry: SubscriptionEntry = { t: 'wake', id, wake: wakeOf(wakeId, tails, worker, until) };
  return { entries: [entry], wakeId, generation: generation + 1 };
}

/** @internal Whether a word about a wake is about the one in force. */
export function isCurrent(known: Subscription, wakeId: unknown, generation: unknown, now: number): boolean {
  return !isIdle(known, now) && known.wake!.id === wakeId && known.generation === generation;
}

/** @internal When to try again after so many failures in a row: 1 s to 60 s, and up to a fifth more or less. */
export function retryDelayMs(attempts: number, random: number): number {
  const delay = Math.min(60_000, 1000 * 2 ** Math.min(attempts - 1, 10));
  return Math.round(delay * (0.8 + 0.4 * random));
}
