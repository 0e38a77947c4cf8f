import type { Meter, Tracer } from '@opentelemetry/api';
import { Subscription } from 'rxjs';
import type { Exporter } from './exporter.js';
import { feedMeter } from './feed-meter.js';
import { Tracing } from './tracing.js';

export { traced } from './traced.js';

/** Options of {@link openTelemetry}. */
export interface OpenTelemetryOptions {
  /** Makes spans. Default: there are none. */
  readonly tracer?: Tracer;
  /** Gets everything that is measured. Default: nobody. */
  readonly meter?: Meter;
  /** Traces whose chunks were kept and nobody had yet, and as many that somebody had. Default 10 000. */
  readonly maxTraces?: number;
}

/**
 * Carries spans and measurements to OpenTelemetry: a tracer and a meter of `@opentelemetry/api`, whose SDK is yours.
 *
 * @example
 * import { metrics, trace } from '@opentelemetry/api';
 * const exporter = openTelemetry({ tracer: trace.getTracer('sluice'), meter: metrics.getMeter('sluice') });
 * const server = await serve({ telemetry: createTelemetry({ exporter }) });
 */
export function openTelemetry({ tracer, meter, maxTraces }: OpenTelemetryOptions): Exporter {
  const tracing = tracer === undefined ? undefined : new Tracing(tracer, maxTraces);
  return {
    log: (log) => tracing?.log(log) ?? log,
    begin: (exported) => {
      const teardown = new Subscription(meter === undefined ? undefined : feedMeter(meter, exported));
      teardown.add(tracing?.deliveries(exported.gateway));
      return () => teardown.unsubscribe();
    },
  };
}
