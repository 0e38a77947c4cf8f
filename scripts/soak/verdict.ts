/** What was measured, what is wanted, and whether it is so. */
export interface Finding {
  readonly name: string;
  readonly found: string;
  readonly wanted: string;
  readonly met: boolean;
}

/** All findings, a line each, with what is wanted beside what was found. */
export function verdictOf(findings: readonly Finding[]): string {
  const width = (of: (finding: Finding) => string): number => Math.max(...findings.map((one) => of(one).length));
  const [names, founds, wanteds] = [
    width(({ name }) => name),
    width(({ found }) => found),
    width(({ wanted }) => wanted),
  ];
  return findings
    .map(({ name, found, wanted, met }) =>
      [name.padEnd(names), found.padEnd(founds), `wanted: ${wanted}`.padEnd(wanteds + 8), met ? 'met' : 'MISSED'].join(
        '  ',
      ),
    )
    .join('\n');
}
