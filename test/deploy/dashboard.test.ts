import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Metric, metrics, prometheusName } from '../../src/telemetry/index.js';
import { labelName } from '../../src/telemetry/metric.js';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
const file = fileURLToPath(new URL('../../deploy/grafana/dashboards/sluice.json', import.meta.url));
const { panels } = JSON.parse(readFileSync(file, 'utf8')) as { readonly panels: readonly Panel[] };
const all = Object.values<Metric>(metrics);

/** The metric that a name at Prometheus stands for; also that of a part of a histogram. */
function metricOf(name: string): Metric | undefined {
  const base = name.replace(/_(?:bucket|sum|count)$/, '');
  return all.find((metric) => prometheusName(metric) === (metric.kind === 'histogram' ? base : name));
}

const expressions = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })),
);
/** Names of metrics: words in front of labels. */
const namesIn = (expr: string) => Array.from(expr.matchAll(/\b([a-z]\w*)\{/g), ([, name = '']) => name);

describe('the dashboard', () => {
  it.each(expressions)('$title asks for what is measured: $expr', ({ expr, legendFormat }) => {
    const names = namesIn(expr);
    expect(names).toHaveLength(1);
    const metric = metricOf(names[0]!);
    expect(metric, `${names[0]} is not measured`).toBeDefined();
    const labels = new Set(['instance', 'le', ...(metric!.attributes ?? []).map(labelName)]);
    const grouped = Array.from(expr.matchAll(/by \(([^)]*)\)/g), ([, list = '']) => list.split(', ')).flat();
    const chosen = Array.from(expr.matchAll(/[{,](\w+)=/g), ([, label = '']) => label);
    const shown = Array.from(legendFormat.matchAll(/\{\{(\w+)\}\}/g), ([, label = '']) => label);
    for (const label of [...grouped, ...chosen, ...shown]) expect([...labels]).toContain(label);
    // A sum only grows: what matters is how fast. A distribution is asked by its buckets.
    expect(expr.includes('rate('), expr).toBe(metric!.kind !== 'gauge');
    expect(expr.includes('histogram_quantile('), expr).toBe(metric!.kind === 'histogram');
  });

  it('shows everything that is measured', () => {
    const asked = new Set(expressions.flatMap(({ expr }) => namesIn(expr)).map((name) => metricOf(name)));
    expect(all.filter((metric) => !asked.has(metric)).map(prometheusName)).toEqual([]);
  });

  it('has panels that do not cover each other', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [index, { gridPos: a, title }] of panels.entries()) {
      expect(a.x + a.w).toBeLessThanOrEqual(24);
      for (const { gridPos: b } of panels.slice(index + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(apart, title).toBe(true);
      }
    }
  });
});
