import type { Family, Series } from './measures.js';
import { labelName, prometheusName } from './metric.js';

/** Media type of {@link writePrometheus}. */
export const prometheusType = 'text/plain; version=0.0.4; charset=utf-8';

/** Writes what was measured in Prometheus' text format. */
export function writePrometheus(families: readonly Family[]): string {
  return families.map(writeFamily).join('');
}

function writeFamily(family: Family): string {
  const { metric } = family;
  const name = prometheusName(metric);
  const head = `# HELP ${name} ${escapeHelp(metric.description)}\n# TYPE ${name} ${metric.kind}\n`;
  return head + ('series' in family ? writeSeries(name, family.series) : writeDistribution(name, family));
}

function writeSeries(name: string, series: readonly Series[]): string {
  return series.map(({ attributes, value }) => `${name}${writeLabels(attributes)} ${writeNumber(value)}\n`).join('');
}

function writeLabels(attributes: Series['attributes']): string {
  const labels = Object.entries(attributes).map(([key, value]) => `${labelName(key)}="${escapeLabel(value)}"`);
  return labels.length === 0 ? '' : `{${labels.join(',')}}`;
}

function writeDistribution(name: string, { distribution }: Extract<Family, { distribution: unknown }>): string {
  const { buckets, sum, count } = distribution;
  const lines = buckets.map(
    ({ atMost, count: below }) => `${name}_bucket{le="${writeNumber(atMost / 1000)}"} ${below}\n`,
  );
  return `${lines.join('')}${name}_sum ${writeNumber(sum / 1000)}\n${name}_count ${count}\n`;
}

function writeNumber(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : `${value}`;
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
