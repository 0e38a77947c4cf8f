import { describe, expect, it } from 'vitest';
import { labelName, prometheusName } from '../../src/telemetry/metric.js';

describe('prometheusName', () => {
  it.each([
    ['sluice.append.duration', 'histogram', 's', 'sluice_append_duration_seconds'],
    ['sluice.append.io', 'counter', 'By', 'sluice_append_io_bytes_total'],
    ['sluice.append.chunks', 'counter', '{chunk}', 'sluice_append_chunks_total'],
    ['sluice.pending.utilization', 'gauge', '1', 'sluice_pending_utilization_ratio'],
    ['process.memory.usage', 'gauge', 'By', 'process_memory_usage_bytes'],
    ['sluice.connections', 'gauge', '{connection}', 'sluice_connections'],
  ] as const)('makes of %s, a %s in %s, %s', (name, kind, unit, expected) => {
    expect(prometheusName({ name, kind, unit })).toBe(expected);
  });

  it('makes labels of attributes', () => {
    expect(labelName('error.type')).toBe('error_type');
  });
});
