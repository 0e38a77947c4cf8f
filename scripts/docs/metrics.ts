import { type Metric, prometheusName } from '../../src/telemetry/index.js';

const begin = '<!-- metrics: written by `npm run docs` from src/telemetry/metrics.ts -->';
const end = '<!-- /metrics -->';

/** A page with its table of metrics made anew. */
export function writeMetrics(page: string, metrics: readonly Metric[]): string {
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`the page must hold ${begin} and, behind it, ${end}`);
  return `${page.slice(0, before)}${begin}\n\n${tableOf(metrics)}\n\n${page.slice(after)}`;
}

function tableOf(metrics: readonly Metric[]): string {
  const head = ['at Prometheus', 'at OpenTelemetry', 'kind', 'unit', 'told apart by', 'what it is'];
  const rows = metrics.map((metric) => [
    `\`${prometheusName(metric)}\``,
    `\`${metric.name}\``,
    metric.kind,
    `\`${metric.unit}\``,
    (metric.attributes ?? []).map((attribute) => `\`${attribute}\``).join(', '),
    metric.description,
  ]);
  const all = [head, ...rows];
  // As the formatter has it.
  const widths = head.map((_, column) => Math.max(...all.map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
