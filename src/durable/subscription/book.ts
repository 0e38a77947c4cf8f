import type { LedgerBook } from '../ledger.js';
import type { SubscriptionConfig } from './config.js';

/** @internal A stream of a subscription. */
export interface StreamLink {
  readonly path: string;
  /** Whether it was named, and whether the pattern fits it. */
  readonly explicit: boolean;
  readonly glob: boolean;
  /** Offset behind what was worked through. */
  readonly acked: string;
}

/** @internal Work that was given out, or is to be had. */
export interface Wake {
  readonly id: string;
  /** Where the streams ended when it was given out. */
  readonly tails: Readonly<Record<string, string>>;
  /** Who has it; nobody yet, with `null`. */
  readonly holder: string | null;
  /** Until when, in milliseconds since the epoch; for ever, with `null`. */
  readonly until: number | null;
}

/** @internal When to try again to tell of work. */
export interface Retry {
  readonly attempts: number;
  readonly at: number;
}

/** @internal A subscription as it stands. Never changed, only replaced, but for its links. */
export interface Subscription {
  readonly id: string;
  readonly config: SubscriptionConfig;
  readonly createdAt: number;
  /** Where the server was found when it was created. */
  readonly root: string;
  /** Counts its wakes. */
  readonly generation: number;
  readonly wake: Wake | null;
  readonly retry: Retry | null;
  readonly links: Map<string, StreamLink>;
}

/** @internal What is written of a subscription as a whole. */
export type SubscriptionRow = Omit<Subscription, 'links'> & { readonly links: readonly StreamLink[] };

/** @internal What happened to a subscription. */
export type SubscriptionEntry =
  | { readonly t: 'put'; readonly id: string; readonly row: SubscriptionRow }
  | { readonly t: 'gone'; readonly id: string }
  | { readonly t: 'link'; readonly id: string; readonly link: StreamLink }
  | { readonly t: 'unlink'; readonly id: string; readonly path: string }
  | { readonly t: 'wake'; readonly id: string; readonly wake: Wake }
  | { readonly t: 'hold'; readonly id: string; readonly holder: string | null; readonly until: number | null }
  | { readonly t: 'ack'; readonly id: string; readonly acks: Readonly<Record<string, string>> }
  | { readonly t: 'idle'; readonly id: string }
  | { readonly t: 'retry'; readonly id: string; readonly retry: Retry | null };

/** @internal Subscriptions by their ids. */
export type SubscriptionState = Map<string, Subscription>;

/** @internal The books of subscriptions. */
export const subscriptionBook: LedgerBook<SubscriptionState, SubscriptionEntry> = {
  start: () => new Map(),
  apply,
  sum: (state) =>
    Array.from(state.values(), (each) => ({
      t: 'put',
      id: each.id,
      row: { ...each, links: [...each.links.values()] },
    })),
};

function apply(state: SubscriptionState, entry: SubscriptionEntry): void {
  const { id } = entry;
  if (entry.t === 'put') {
    const { row } = entry;
    state.set(id, { ...row, links: new Map(row.links.map((link) => [link.path, link])) });
    return;
  }
  const known = state.get(id);
  if (known === undefined) return;
  switch (entry.t) {
    case 'gone':
      state.delete(id);
      return;
    case 'link':
      known.links.set(entry.link.path, entry.link);
      return;
    case 'unlink':
      known.links.delete(entry.path);
      return;
    case 'wake':
      state.set(id, { ...known, generation: known.generation + 1, wake: entry.wake });
      return;
    case 'hold':
      if (known.wake === null) return;
      state.set(id, { ...known, wake: { ...known.wake, holder: entry.holder, until: entry.until } });
      return;
    case 'ack':
      acknowledge(known, entry.acks);
      return;
    case 'idle':
      state.set(id, { ...known, wake: null });
      return;
    case 'retry':
      state.set(id, { ...known, retry: entry.retry });
  }
}

/** Offsets sort as text, and none goes back. */
function acknowledge({ links }: Subscription, acks: Readonly<Record<string, string>>): void {
  for (const [path, offset] of Object.entries(acks)) {
    const link = links.get(path);
    if (link !== undefined && offset > link.acked) links.set(path, { ...link, acked: offset });
  }
}
