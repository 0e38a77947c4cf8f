import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Metric, metrics } from 'sluice/telemetry';
import { describe, expect, it } from 'vitest';
import { writeMetrics } from '../../../scripts/docs/metrics.js';

const page = readFileSync(fileURLToPath(new URL('../../../docs/telemetry.md', import.meta.url)), 'utf8');

describe('writeMetrics', () => {
  it('has written every metric that there is: `npm run docs` does it again', () => {
    expect(writeMetrics(page, Object.values<Metric>(metrics))).toBe(page);
  });

  it('leaves everything around the table as it is', () => {
    const metric: Metric = { name: 'a.b', kind: 'counter', unit: 's', description: 'Says it.', attributes: ['c.d'] };
    const mark = 'metrics: written by `npm run docs` from src/telemetry/metrics.ts';
    const made = writeMetrics(`before\n<!-- ${mark} -->old<!-- /metrics -->\nafter\n`, [metric]);
    expect(made).toMatch(/^before\n<!-- metrics: /);
    expect(made).toContain('| `a_b_seconds_total` | `a.b`            | counter | `s`  | `c.d`         | Says it.   |');
    expect(made).toMatch(/<!-- \/metrics -->\nafter\n$/);
    expect(() => writeMetrics('nothing', [])).toThrow('the page must hold');
  });
});

describe('the page of telemetry', () => {
  it('has a row for every span', () => {
    const files = ['traced', 'tracing'].map((name) =>
      readFileSync(fileURLToPath(new URL(`../../../src/telemetry/${name}.ts`, import.meta.url)), 'utf8'),
    );
    const spans = files.flatMap((text) => Array.from(text.matchAll(/'(sluice\.[a-z]+)'/g), ([, name = '']) => name));
    const named = spans.filter((name) => name !== 'sluice.duplicates');
    expect(named.toSorted()).toEqual(['sluice.append', 'sluice.deliver', 'sluice.durable']);
    for (const name of named) expect(page).toContain(`| \`${name}\``);
  });
});
