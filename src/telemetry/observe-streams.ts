import type { Subscription } from 'rxjs';
import { chunksMissing, staleReason, type StreamEvent, type Streams } from '../streams/index.js';
import type { Measures } from './measures.js';
import { metrics } from './metrics.js';

/** Reasons of ours for which streams end; all others are somebody's own words, and as many as somebody likes. */
const reasons: ReadonlySet<string> = new Set([chunksMissing, staleReason, 'producer-lost']);

/** @internal Counts what happens to streams in this process. */
export function observeStreams(measures: Measures, streams: Pick<Streams, 'events'>): Subscription {
  return streams.events.subscribe((event) => count(measures, event));
}

function count(measures: Measures, event: StreamEvent): void {
  switch (event.type) {
    case 'stream.created':
      measures.add(metrics.streamsCreated, 1);
      return measures.record(metrics.createDuration, event.tookMs);
    case 'stream.completed':
      return measures.add(metrics.streamsEnded, 1, 'completed', 'none');
    case 'stream.failed':
      return measures.add(metrics.streamsEnded, 1, 'failed', reasonOf(event.reason));
    case 'stream.cancelled':
      return measures.add(metrics.streamsEnded, 1, 'cancelled', reasonOf(event.reason));
    case 'stream.stale':
      // It fails as well, with its reason.
      return;
    case 'stream.deleted':
      return measures.add(metrics.streamsDeleted, 1);
    case 'stream.chunk_sent':
      measures.add(metrics.appendChunks, event.to - event.from);
      measures.add(metrics.appendIo, event.bytes);
      return measures.record(metrics.appendDuration, event.tookMs);
    case 'stream.chunk_repeated':
      return measures.add(metrics.appendDuplicates, event.chunks);
    case 'stream.chunk_refused':
      return measures.add(metrics.appendFailures, 1, event.code);
    case 'stream.chunk':
      measures.add(metrics.readChunks, 1);
      if (event.ageMs !== undefined) measures.record(metrics.deliveryAge, event.ageMs);
      return;
    case 'stream.chunk_missing':
      return measures.add(metrics.readMissing, event.to - event.from);
  }
}

/** A reason as a label may have it: what others say is not told apart. */
function reasonOf(reason: string | undefined): string {
  if (reason === undefined) return 'none';
  return reasons.has(reason) ? reason : 'other';
}
