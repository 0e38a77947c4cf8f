import type { Probe, ProbeEvent } from '../probe/index.js';
import type { Measures } from './measures.js';
import { metrics } from './metrics.js';

/** @internal Makes a probe for operators that counts what they report. */
export function observeOperators(measures: Measures): Probe {
  return (event) => {
    if (event.type === 'retry') return measures.add(metrics.operatorRetries, 1);
    const chunks = chunksOf(event);
    if (chunks > 0) measures.add(metrics.operatorChunks, chunks, event.type);
  };
}

/** How many chunks it is about; 0 for what is about none. */
function chunksOf(event: ProbeEvent): number {
  switch (event.type) {
    case 'hole':
    case 'nack':
    case 'gap':
      return event.to - event.from;
    case 'duplicate':
    case 'late':
    case 'repaired':
    case 'dropped':
    case 'corrupt':
    case 'invalid':
      return 1;
    default:
      return 0;
  }
}
