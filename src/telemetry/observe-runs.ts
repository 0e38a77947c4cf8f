import { filter, from, mergeMap, type Observable, type Subscription } from 'rxjs';
import { decodeChunk } from '../chunk/index.js';
import { type RunEvent, runEvents, type RunEventType } from '../run/index.js';
import { runOf } from '../run/names.js';
import type { StreamEvent, Streams } from '../streams/index.js';
import type { Measures } from './measures.js';
import { metrics } from './metrics.js';

type Sent = Extract<StreamEvent, { type: 'stream.chunk_sent' }>;

/** What is counted; most events of a run are output, and not looked into. */
const counted: ReadonlySet<string> = new Set<RunEventType>([
  'pipeline_start',
  'pipeline_complete',
  'pipeline_error',
  'pipeline_cancelled',
  'step_complete',
  'step_error',
  'step_retry',
  'step_compensated',
]);

/** @internal The events of runs that this process keeps, as their streams tell of them, as far as they are counted. */
export function runEventsOf(streams: Pick<Streams, 'events'>): Observable<RunEvent> {
  return streams.events.pipe(
    // Most chunks are of no run: they should cost a look at a name.
    filter((event) => event.type === 'stream.chunk_sent' && runOf(event.streamId) !== undefined),
    mergeMap((event) => {
      const { streamId, from: first, chunks } = event as Sent;
      return from(chunks.flatMap((chunk, at) => eventOf(decodeChunk(streamId, first + at, chunk).data)));
    }),
  );
}

/** Anybody may write to a stream: what is no event counts as nothing. */
function eventOf(data: unknown): RunEvent[] {
  if (!counted.has((data as { event_type?: string } | null)?.event_type ?? '')) return [];
  try {
    return [runEvents.parse(data)];
  } catch {
    return [];
  }
}

/** @internal Counts what becomes of runs and their steps. */
export function observeRuns(measures: Measures, events: Observable<RunEvent>): Subscription {
  return events.subscribe((event) => count(measures, event));
}

function count(measures: Measures, event: RunEvent): void {
  switch (event.event_type) {
    case 'pipeline_start':
      return measures.add(metrics.runsStarted, 1);
    case 'pipeline_complete':
      return ended(measures, 'completed', event.data.duration_ms);
    case 'pipeline_error':
      return ended(measures, 'failed', event.data.duration_ms);
    case 'pipeline_cancelled':
      return ended(measures, 'cancelled', event.data.duration_ms);
    case 'step_complete':
      return attempted(measures, 'succeeded', event.data.duration_ms);
    case 'step_error':
      return attempted(measures, 'failed', event.data.duration_ms);
    case 'step_retry':
      return measures.add(metrics.stepRetries, 1);
    case 'step_compensated':
      return measures.add(metrics.stepsCompensated, 1);
    default:
  }
}

function ended(measures: Measures, status: string, ms: number): void {
  measures.add(metrics.runsEnded, 1, status);
  measures.record(metrics.runDuration, ms);
}

function attempted(measures: Measures, outcome: string, ms: number): void {
  measures.add(metrics.stepAttempts, 1, outcome);
  measures.record(metrics.stepDuration, ms);
}
