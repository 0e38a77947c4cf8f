import { median } from './statistics.mjs';

/** A number in at most four places: `0.53`, `48.1`, `7561`, `144k`, `1.82M`. */
export function short(value) {
  if (value === undefined || Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  if (size >= 1e4) return `${(value / 1e3).toFixed(size >= 1e5 ? 0 : 1)}k`;
  if (size >= 100) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : 2);
}

/**
 * The table of many runs.
 *
 * @param {{ peer: string, load: string, run: number, metrics: Record<string, number> }[]} results
 * @param {{ columns: { key: string, head: string }[], limit: string }} options the peer of which ratios are taken, in the
 *   same repetition
 */
export function table(results, { columns, limit }) {
  const rows = [['load', 'peer', ...columns.map(({ head }) => head), 'runs']];
  for (const group of groups(results)) {
    const { load, peer } = group[0];
    const cells = columns.map(({ key, ratio = true }) =>
      cell(group, key, ratio ? ratios(results, group, key, limit) : []),
    );
    rows.push([load, peer, ...cells, `${group.length}`]);
  }
  return markdown(rows);
}

/** Runs of one peer under one load, in the order they were first seen. */
function groups(results) {
  const byName = new Map();
  for (const result of results) {
    const name = `${result.load}\n${result.peer}`;
    if (!byName.has(name)) byName.set(name, []);
    byName.get(name).push(result);
  }
  const loads = [...new Set(results.map(({ load }) => load))];
  return [...byName.values()].sort((a, b) => loads.indexOf(a[0].load) - loads.indexOf(b[0].load));
}

function ratios(results, group, key, limit) {
  return group.flatMap(({ load, run, metrics }) => {
    const base = results.find((other) => other.load === load && other.run === run && other.peer === limit);
    return base === undefined ? [] : [metrics[key] / base.metrics[key]];
  });
}

function cell(group, key, over) {
  const values = group
    .map(({ metrics }) => metrics[key])
    .filter((value) => value !== undefined && !Number.isNaN(value));
  if (values.length === 0) return '–';
  const range = values.length === 1 ? '' : ` [${short(Math.min(...values))}–${short(Math.max(...values))}]`;
  const ratio = median(over);
  return `${short(median(values))}${range}${Number.isNaN(ratio) ? '' : ` **×${ratio.toFixed(2)}**`}`;
}

/** Rows as a Markdown table, the first as its head. */
export function markdown(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`;
  const [head, ...body] = rows;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body.map(line)].join('\n');
}
