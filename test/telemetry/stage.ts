import { VirtualTimeScheduler } from 'rxjs';
import type { GatewayOptions } from '../../src/gateway/index.js';
import {
  createTelemetry,
  type Family,
  type Metric,
  type Observed,
  type Telemetry,
  type TelemetryOptions,
} from '../../src/telemetry/index.js';
import { GatewayStage } from '../gateway/stage.js';

/** A gateway in the test's hand, and a telemetry that observes it. */
export class TelemetryStage {
  readonly clock = new VirtualTimeScheduler();
  readonly stage: GatewayStage;
  readonly telemetry: Telemetry;

  constructor(options: TelemetryOptions = {}, also: Partial<Observed> = {}, gateway: Partial<GatewayOptions> = {}) {
    this.stage = new GatewayStage(undefined, gateway);
    this.telemetry = createTelemetry({ scheduler: this.clock, refreshMs: 0, ...options });
    this.telemetry.observe({ streams: this.stage.streams, gateway: this.stage.gateway, ...also });
  }

  /** What a metric has come to: a number, or numbers by what they are told apart by; of a distribution, how many. */
  async value(metric: Metric): Promise<number | Record<string, number> | undefined> {
    return valueOf((await this.telemetry.read()).find((family) => family.metric === metric)!);
  }
}

/** See {@link TelemetryStage.value}. */
export function valueOf(family: Family): number | Record<string, number> | undefined {
  if ('distribution' in family) return family.distribution.count;
  const { metric, series } = family;
  if ((metric.attributes ?? []).length === 0) return series[0]?.value;
  return Object.fromEntries(series.map(({ attributes, value }) => [Object.values(attributes).join(' '), value]));
}
