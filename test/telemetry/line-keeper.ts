import type { LogFields, Logger } from '../../src/telemetry/index.js';

/** A line that was written. */
export interface Line {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that keeps what it is given. */
export function lineKeeper(): { readonly logger: Logger; readonly lines: () => readonly Line[] } {
  const lines: Line[] = [];
  const keep =
    (level: keyof Logger) =>
    (fields: LogFields, message: string): void =>
      void lines.push({ level, message, fields });
  return { logger: { info: keep('info'), warn: keep('warn'), error: keep('error') }, lines: () => [...lines] };
}
