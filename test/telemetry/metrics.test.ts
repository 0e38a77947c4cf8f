import { describe, expect, it } from 'vitest';
import { type Metric, metrics, prometheusName } from '../../src/telemetry/index.js';

const all = Object.values<Metric>(metrics);

describe('metrics', () => {
  it.each(all.map((metric) => [metric.name, metric] as const))('%s is named as OpenTelemetry asks', (name, metric) => {
    expect(name).toMatch(/^(?:sluice|process|v8js|nodejs)(?:\.[a-z][a-z0-9_]*)+$/);
    expect(metric.unit).toMatch(/^(?:s|By|1|\{[a-z]+\})$/);
    expect(prometheusName(metric)).toMatch(/^[a-z][a-z0-9_]*$/);
    for (const attribute of metric.attributes ?? []) expect(attribute).toMatch(/^[a-z]+(?:\.[a-z]+)*$/);
  });

  it.each(all.map((metric) => [metric.name, metric] as const))('%s says in one sentence what it is', (_, metric) => {
    expect(metric.description).toMatch(/^[A-Z0-9].*\.$/);
    expect(metric.attributes?.length ?? 0).toBeLessThanOrEqual(2);
  });

  it('have each name once, also at Prometheus', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(new Set(all.map(prometheusName)).size).toBe(all.length);
  });
});
