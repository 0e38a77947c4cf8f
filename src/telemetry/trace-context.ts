import { createTraceState, isSpanContextValid, type SpanContext, TraceFlags } from '@opentelemetry/api';
import type { EncodedChunk, JsonObject } from '../chunk/index.js';

/** In a chunk's metadata: the trace it belongs to, as W3C Trace Context writes it in the header of that name. */
export const traceKey = 'traceparent';
const stateKey = 'tracestate';

/** Longest `tracestate` that is passed on: what W3C asks for at least. */
const maxState = 512;
const written = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/;

/** @internal What a chunk's metadata says of the trace it belongs to. */
export function contextOfMetadata(metadata: JsonObject | undefined): SpanContext | undefined {
  const { [traceKey]: text, [stateKey]: state } = metadata ?? {};
  const [, traceId, spanId, flags] = typeof text === 'string' ? (written.exec(text) ?? []) : [];
  if (traceId === undefined || spanId === undefined) return undefined;
  const isSampled = (Number.parseInt(flags!, 16) & TraceFlags.SAMPLED) !== 0;
  const context: SpanContext = {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(typeof state === 'string' && state.length <= maxState ? { traceState: createTraceState(state) } : {}),
  };
  return isSpanContextValid(context) ? context : undefined;
}

/** @internal A chunk's metadata, with the trace it belongs to. */
export function metadataOfContext({ traceId, spanId, traceFlags, traceState }: SpanContext): JsonObject {
  const flags = traceFlags.toString(16).padStart(2, '0');
  const state = traceState?.serialize() ?? '';
  return { [traceKey]: `00-${traceId}-${spanId}-${flags}`, ...(state === '' ? {} : { [stateKey]: state }) };
}

/** Found in the text of every chunk that carries a trace, and in hardly any other: those are read. */
const mark = `"${traceKey}":"`;

/** @internal The trace a chunk belongs to. */
export function contextOfChunk({ head }: Pick<EncodedChunk, 'head'>): SpanContext | undefined {
  if (!head.includes(mark)) return undefined;
  return contextOfMetadata((JSON.parse(head) as { metadata?: JsonObject }).metadata);
}
