/** What is measured: its name and unit as OpenTelemetry has them. */
export interface Metric {
  /** Dotted, in lower case, such as `sluice.append.duration`. */
  readonly name: string;
  /** A sum that only grows, a value as it is now, or how often a value fell where. */
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** Seconds, bytes, a share of 1, or things: `s`, `By`, `1`, `{chunk}`. */
  readonly unit: string;
  /** One sentence. */
  readonly description: string;
  /** Names of what a value is told apart by; at most two. Default: nothing. */
  readonly attributes?: readonly string[];
}

const suffixes: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes', '1': 'ratio' };

/**
 * The name of a metric at Prometheus, made as OpenTelemetry prescribes: the unit at the end, and `_total` behind a counter.
 *
 * @example
 * prometheusName(metrics.appendDuration); // 'sluice_append_duration_seconds'
 */
export function prometheusName({ name, kind, unit }: Pick<Metric, 'name' | 'kind' | 'unit'>): string {
  const suffix = suffixes[unit];
  const parts = [labelName(name), ...(suffix === undefined ? [] : [suffix]), ...(kind === 'counter' ? ['total'] : [])];
  return parts.join('_');
}

/** The name of an attribute at Prometheus. */
export function labelName(attribute: string): string {
  return attribute.replaceAll('.', '_');
}
