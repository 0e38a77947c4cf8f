/** @internal Something to be drawn: when, and its marble. */
export interface Cell {
  readonly at: number;
  readonly text: string;
}

/** @internal One line of a chart. */
export interface Row {
  readonly label: string;
  readonly cells: readonly Cell[];
}

interface Column {
  readonly at: number;
  readonly width: number;
  /** Characters of silence before it. */
  readonly pause: number;
}

/**
 * Draws rows of marbles under a ruler of milliseconds, time from left to right. An instant takes as much room as its marbles,
 * silence between two instants one to four dashes, however long it is. What does not fit the width is left out on the left.
 *
 * @internal
 */
export function drawChart(rows: readonly Row[], width: number): string[] {
  const labelWidth = Math.max(...rows.map(({ label }) => label.length), 2) + 2;
  const all = columnsOf(rows);
  // The last time on the ruler may be longer than its instant is wide.
  const columns = fit(all, width - labelWidth - String(all.at(-1)?.at ?? '').length);
  const lines = rows.map(({ label, cells }) => label.padEnd(labelWidth) + drawRow(cells, columns));
  return ['ms'.padEnd(labelWidth) + drawRuler(columns), ...lines];
}

/** @internal How many characters of a line the marbles of these rows take, without their labels. */
export function chartWidth(rows: readonly Row[]): number {
  return columnsOf(rows).reduce((sum, { width, pause }) => sum + width + pause, 0);
}

function columnsOf(rows: readonly Row[]): Column[] {
  const widths = new Map<number, number>();
  for (const { cells } of rows) {
    for (const [at, text] of instants(cells)) widths.set(at, Math.max(widths.get(at) ?? 0, text.length));
  }
  const times = [...widths.keys()].sort((a, b) => a - b);
  return times.map((at, i) => ({ at, width: widths.get(at)!, pause: pauseOf(at - (times[i - 1] ?? at)) }));
}

/** Text by whole millisecond. */
function instants(cells: readonly Cell[]): Map<number, string> {
  const texts = new Map<number, string>();
  for (const { at, text } of cells) {
    const ms = Math.floor(at);
    texts.set(ms, (texts.get(ms) ?? '') + text);
  }
  return texts;
}

function pauseOf(ms: number): number {
  if (ms <= 5) return 1;
  if (ms <= 50) return 2;
  return ms <= 500 ? 3 : 4;
}

/** The last columns that fit. */
function fit(columns: readonly Column[], room: number): Column[] {
  const kept: Column[] = [];
  let taken = 0;
  for (const column of columns.toReversed()) {
    taken += column.width + column.pause;
    if (taken > room && kept.length > 0) break;
    kept.unshift(column);
  }
  return kept;
}

function drawRow(cells: readonly Cell[], columns: readonly Column[]): string {
  const texts = instants(cells);
  return columns.map(({ at, width, pause }) => '-'.repeat(pause) + (texts.get(at) ?? '').padEnd(width, '-')).join('');
}

/** As many of the times as there is room for. */
function drawRuler(columns: readonly Column[]): string {
  let line = '';
  let x = 0;
  for (const { at, width, pause } of columns) {
    x += pause;
    if (line.length < x || line === '') line = line.padEnd(x) + String(at);
    x += width;
  }
  return line;
}
