import { StreamError } from '../../chunk/index.js';
import { createTelemetry, type Exporter, type Logger, type Telemetry } from '../../telemetry/index.js';
import type { Config } from './config-schema.js';

/**
 * What a server tells about itself, by a configuration; `false` for nothing. Lines go to standard error, spans and measurements to
 * the SDK of OpenTelemetry that the process was started with.
 *
 * @throws {@link StreamError} `config-invalid` where a package is missing
 */
export async function configTelemetry({ telemetry }: Pick<Config, 'telemetry'>): Promise<Telemetry | false> {
  const { enabled, streamLabels, refreshMs, logLevel, logLinesPerSecond, openTelemetry } = telemetry;
  if (!enabled) return false;
  const logger = logLevel === 'off' ? undefined : await openLogger(logLevel);
  const exporter = openTelemetry ? await openExporter() : undefined;
  return createTelemetry({
    streamLabels,
    refreshMs,
    maxLinesPerSecond: logLinesPerSecond,
    ...(logger === undefined ? {} : { logger }),
    ...(exporter === undefined ? {} : { exporter }),
  });
}

async function openLogger(level: string): Promise<Logger> {
  const { pino } = await needed('telemetry.logLevel', 'pino', () => import('pino'));
  // Standard output belongs to what the command says.
  const lines = pino({ name: 'sluice', level }, pino.destination({ fd: 2, sync: true }));
  return {
    info: (fields, message) => lines.info(fields, message),
    warn: (fields, message) => lines.warn(fields, message),
    error: (fields, message) => lines.error(fields, message),
  };
}

async function openExporter(): Promise<Exporter> {
  const field = 'telemetry.openTelemetry';
  const { metrics, trace } = await needed(field, '@opentelemetry/api', () => import('@opentelemetry/api'));
  const { openTelemetry } = await import('../../telemetry/open-telemetry.js');
  return openTelemetry({ tracer: trace.getTracer('sluice'), meter: metrics.getMeter('sluice') });
}

async function needed<T>(field: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const message = `${field}: this needs the package "${name}": npm install ${name}`;
    throw new StreamError('config-invalid', message, { field, cause });
  }
}
