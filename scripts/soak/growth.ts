/** What page and server hold at a moment, in bytes, and how many nodes the page has. */
export interface Held {
  readonly page: number;
  readonly nodes: number;
  readonly server: number;
}

/** How much more than before counts as growth: garbage comes and goes. */
const tolerance = 1.15;
const floor = { page: 3 << 20, nodes: 500, server: 8 << 20 } as const;

/** What of it grows: in its last third it holds more than in the one before. The first third is for filling up what is bounded. */
export function growthOf(held: readonly Held[]): string[] {
  const third = Math.floor(held.length / 3);
  if (third === 0) return [];
  const middle = held.slice(third, 2 * third);
  const last = held.slice(-third);
  return (['page', 'nodes', 'server'] as const).flatMap((name) => {
    const [before, now] = [medianOf(middle, name), medianOf(last, name)];
    return now > before * tolerance && now > before + floor[name] ? [`${name} from ${before} to ${now}`] : [];
  });
}

function medianOf(held: readonly Held[], name: keyof Held): number {
  const sorted = held.map((one) => one[name]).toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
