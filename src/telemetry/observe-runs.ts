import { filter, from, mergeMap, type Observable, type Subscription } from 'rxjs';
import { decodeChunk } from '../chunk/index.js';
import { type RunEvent, runEvents, type RunEventType } from '../run/index.js';
import { runOf } from '../run/names.js';
import type { StreamEvent, Streams } from '../streams/index.js';
import type { Measures } from './measures.js';
import { metrics } from './metrics.js';

type Sent = Extract<StreamEvent, { type: 'stream.chunk_sent' }>;

/** What is counted, and how; most events of a run are output, and not looked into. */
const counters: Partial<Record<RunEventType, (measures: Measures, tookMs: number) => void>> = {
  pipeline_start: (measures) => measures.add(metrics.runsStarted, 1),
  pipeline_handover: (measures) => measures.add(metrics.runsEnded, 1, 'left'),
  pipeline_complete: (measures, tookMs) => ended(measures, 'completed', tookMs),
  pipeline_error: (measures, tookMs) => ended(measures, 'failed', tookMs),
  pipeline_cancelled: (measures, tookMs) => ended(measures, 'cancelled', tookMs),
  step_complete: (measures, tookMs) => attempted(measures, 'succeeded', tookMs),
  step_error: (measures, tookMs) => attempted(measures, 'failed', tookMs),
  step_retry: (measures) => measures.add(metrics.stepRetries, 1),
  step_compensated: (measures) => measures.add(metrics.stepsCompensated, 1),
};

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
  if (!Object.hasOwn(counters, (data as { event_type?: string } | null)?.event_type ?? '')) return [];
  try {
    return [runEvents.parse(data)];
  } catch {
    return [];
  }
}

/** @internal Counts what becomes of runs and their steps. */
export function observeRuns(measures: Measures, events: Observable<RunEvent>): Subscription {
  return events.subscribe(({ event_type: type, data }) => {
    counters[type]!(measures, 'duration_ms' in data ? data.duration_ms : 0);
  });
}

function ended(measures: Measures, status: string, ms: number): void {
  measures.add(metrics.runsEnded, 1, status);
  measures.record(metrics.runDuration, ms);
}

function attempted(measures: Measures, outcome: string, ms: number): void {
  measures.add(metrics.stepAttempts, 1, outcome);
  measures.record(metrics.stepDuration, ms);
}
