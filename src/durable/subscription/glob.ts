/**
 * @internal Whether a path fits a pattern: `*` stands for one segment, `**` for any number of them, also none; all else for
 * itself. Takes as long as the two lengths multiplied, whatever the pattern.
 */
export function matchesGlob(pattern: string, path: string): boolean {
  const segments = path.split('/');
  // Whether what has been seen of the pattern fits the first n segments.
  let fits = segments.map(() => false);
  fits = [true, ...fits];
  for (const part of pattern.split('/')) {
    const next = fits.map(() => false);
    for (const n of fits.keys()) {
      if (part === '**') next[n] = fits[n]! || (n > 0 && next[n - 1]!);
      else next[n] = n > 0 && fits[n - 1]! && (part === '*' || part === segments[n - 1]);
    }
    fits = next;
  }
  return fits[segments.length]!;
}
