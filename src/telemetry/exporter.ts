import type { Gateway } from '../gateway/index.js';
import type { Log } from '../log/log.js';
import type { Family, Recorded } from './measures.js';
import type { Metric } from './metric.js';

/** What there is to carry elsewhere. */
export interface Exported {
  /** All that is ever measured. */
  readonly catalogue: readonly Metric[];
  /** Everything that is measured, as it is now. Never rejects. */
  read(): Promise<readonly Family[]>;
  /** Calls back for each value of a histogram. @returns stops the calls */
  onRecord(listener: Recorded): () => void;
  readonly gateway: Pick<Gateway, 'events'>;
}

/** Carries what a server tells about itself elsewhere: `openTelemetry` makes one. */
export interface Exporter {
  /** The log to serve in place of one, to see its appends. */
  log(log: Log): Log;
  /** Begins. @returns carries no more */
  begin(exported: Exported): () => void;
}
