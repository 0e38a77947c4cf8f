import type { LedgerBook } from './ledger.js';

/** @internal Which streams were made of which, and which of those were deleted all the same. */
export interface ForkState {
  /** For each fork, what it was made of. */
  readonly origins: Map<string, string>;
  /** For each stream with forks, their names. */
  readonly forks: Map<string, Set<string>>;
  /** Streams that were deleted and whose name is blocked, because there are forks of them. */
  readonly deleted: Set<string>;
}

/** @internal What happened to a stream: it was made of another, has gone as a fork, was deleted, or is forgotten. */
export type ForkEntry =
  | { readonly t: 'forked'; readonly name: string; readonly of: string }
  | { readonly t: 'left' | 'deleted' | 'forgotten'; readonly name: string };

/** @internal The books of forks. */
export const forkBook: LedgerBook<ForkState, ForkEntry> = {
  start: () => ({ origins: new Map(), forks: new Map(), deleted: new Set() }),
  apply,
  sum: ({ origins, deleted }) => [
    ...Array.from(origins, ([name, of]) => ({ t: 'forked' as const, name, of })),
    ...Array.from(deleted, (name) => ({ t: 'deleted' as const, name })),
  ],
};

function apply(state: ForkState, entry: ForkEntry): void {
  const { origins, forks, deleted } = state;
  const { name } = entry;
  if (entry.t === 'deleted') deleted.add(name);
  if (entry.t === 'forgotten') deleted.delete(name);
  if (entry.t === 'forked' || entry.t === 'left') detach(state, name);
  if (entry.t !== 'forked') return;
  const { of } = entry;
  origins.set(name, of);
  forks.set(of, (forks.get(of) ?? new Set()).add(name));
}

function detach({ origins, forks }: ForkState, name: string): void {
  const of = origins.get(name);
  if (of === undefined) return;
  origins.delete(name);
  const others = forks.get(of)!;
  others.delete(name);
  if (others.size === 0) forks.delete(of);
}

/**
 * @internal What to enter when a stream is deleted. One with forks keeps its name blocked; with any other its source loses a
 * fork, and is forgotten with the last of them if it was deleted before, and so on up the chain.
 */
export function deletion({ origins, forks, deleted }: ForkState, name: string): ForkEntry[] {
  if (forks.has(name)) return [{ t: 'deleted', name }];
  const entries: ForkEntry[] = [];
  for (let at: string | undefined = name; at !== undefined;) {
    const of: string | undefined = origins.get(at);
    if (of !== undefined) entries.push({ t: 'left', name: at });
    const last = of !== undefined && forks.get(of)!.size === 1 && deleted.has(of);
    if (last) entries.push({ t: 'forgotten', name: of });
    at = last ? of : undefined;
  }
  return entries;
}
