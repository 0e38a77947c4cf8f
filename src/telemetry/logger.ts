/**
 * Where lines go: what is told apart by fields, and a sentence that is always the same for the same kind of line. A logger of
 * `pino` is one.
 *
 * @example
 * import { pino } from 'pino';
 * const telemetry = createTelemetry({ logger: pino() });
 */
export interface Logger {
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** What a line tells. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
