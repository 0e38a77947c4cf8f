/**
 * What a server tells about itself: metrics for Prometheus and OpenTelemetry, spans, and lines for a logger.
 *
 * @module
 */
export * from './exporter.js';
export * from './logger.js';
export type { Family, Recorded, Series } from './measures.js';
export { type Metric, prometheusName } from './metric.js';
export { metrics } from './metrics.js';
export { prometheusType } from './prometheus.js';
export * from './telemetry.js';
