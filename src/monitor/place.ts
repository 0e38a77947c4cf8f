/** @internal What the page shows, as its address says it. */
export type Place =
  | { readonly kind: 'overview' }
  | { readonly kind: 'streams'; readonly id: string }
  | { readonly kind: 'runs'; readonly id: string };

/** @internal Reads the part of an address behind `#`; what is none of ours is the overview. */
export function readPlace(hash: string): Place {
  const [, kind, rest] = /^#\/(streams|runs)\/(.+)$/.exec(hash) ?? [];
  if (kind === undefined) return { kind: 'overview' };
  try {
    return { kind: kind as 'streams' | 'runs', id: decodeURIComponent(rest!) };
  } catch {
    return { kind: 'overview' };
  }
}

/** @internal The address of a place. */
export function writePlace(place: Place): string {
  return place.kind === 'overview' ? '#/' : `#/${place.kind}/${encodeURIComponent(place.id)}`;
}
