import {
  type Attributes,
  isSpanContextValid,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import type { ChunkBody } from '../chunk/index.js';
import { toStreamError } from '../chunk/index.js';
import type { PublishTarget } from '../streams/index.js';
import { metadataOfContext, traceKey } from './trace-context.js';

/** @internal What spans are told apart by. */
export function attributesOf(operation: string, streamId: string, chunks: number): Attributes {
  return {
    'messaging.system': 'sluice',
    'messaging.operation.name': operation,
    'messaging.destination.name': streamId,
    'messaging.batch.message_count': chunks,
  };
}

/** @internal Ends a span of what has failed. */
export function failSpan(span: Span, thrown: unknown): void {
  const error = toStreamError(thrown, 'internal');
  span.recordException(error);
  span.setAttribute('error.type', error.code);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  span.end();
}

/**
 * Publishes with a span `sluice.append` for each append, from the call to the acknowledgement. The first chunk of a batch carries
 * the trace on, as `traceparent` in its metadata: a server with a tracer adds when it was kept and when somebody first had it. What
 * is not sampled carries nothing.
 *
 * @param target - `Streams` in this process, or a client
 *
 * @example
 * const tracer = trace.getTracer('answers');
 * words$.pipe(stamp({ streamId }), publishTo(traced(client, tracer), streamId)).subscribe();
 */
export function traced<T extends PublishTarget>(target: T, tracer: Tracer): PublishTarget {
  const publish: PublishTarget['publish'] = async (streamId, chunks, options) => {
    const attributes = attributesOf('append', streamId, chunks.length);
    const span = tracer.startSpan('sluice.append', { kind: SpanKind.PRODUCER, attributes });
    try {
      const published = await target.publish(streamId, withTrace(chunks, span), options);
      span.end();
      return published;
    } catch (error) {
      failSpan(span, error);
      throw error;
    }
  };
  const { info, readers } = target;
  return {
    publish,
    ...(readers === undefined ? {} : { readers }),
    ...(info === undefined ? {} : { info: (streamId) => target.info!(streamId) }),
  };
}

function withTrace(chunks: readonly ChunkBody[], span: Span): readonly ChunkBody[] {
  const [first, ...rest] = chunks;
  const context = span.spanContext();
  // A producer's own trace is more than ours.
  if (first === undefined || !span.isRecording() || !isSpanContextValid(context) || traceKey in first.metadata)
    return chunks;
  return [{ ...first, metadata: { ...first.metadata, ...metadataOfContext(context) } }, ...rest];
}
