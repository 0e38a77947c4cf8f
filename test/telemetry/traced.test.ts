import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it } from 'vitest';
import { type ChunkBody, StreamError } from '../../src/chunk/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { createStreams, type PublishTarget } from '../../src/streams/index.js';
import { traced } from '../../src/telemetry/open-telemetry.js';
import { textBodies } from '../bodies.js';
import { noTracer, spanKeeper } from './span-keeper.js';

/** A target that keeps what is published. */
function target() {
  const batches: (readonly ChunkBody[])[] = [];
  const publish: PublishTarget['publish'] = async (_, chunks) => {
    batches.push(chunks);
    return { next: chunks.length };
  };
  return { batches, publish };
}

describe('traced', () => {
  it('makes a span of each append, which its first chunk carries on', async () => {
    const { tracer, spans } = spanKeeper();
    const { batches, publish } = target();
    expect(await traced({ publish }, tracer).publish('s', textBodies('a', 'b'))).toEqual({ next: 2 });
    const [span] = spans();
    expect(span).toMatchObject({
      name: 'sluice.append',
      kind: SpanKind.PRODUCER,
      attributes: {
        'messaging.system': 'sluice',
        'messaging.operation.name': 'append',
        'messaging.destination.name': 's',
        'messaging.batch.message_count': 2,
      },
    });
    expect(batches[0]!.map(({ data, metadata }) => [data, metadata])).toEqual([
      ['a', { traceparent: `00-${span!.traceId}-${span!.spanId}-01` }],
      ['b', {}],
    ]);
  });

  it('leaves a trace alone that the producer has given its chunk', async () => {
    const { tracer } = spanKeeper();
    const { batches, publish } = target();
    const [chunk] = textBodies('a');
    const mine = { ...chunk!, metadata: { traceparent: 'mine' } };
    await traced({ publish }, tracer).publish('s', [mine]);
    await traced({ publish }, tracer).publish('s', []);
    expect(batches).toEqual([[mine], []]);
  });

  it.each([
    ['without an SDK', noTracer],
    ['of what is not sampled', spanKeeper(new AlwaysOffSampler()).tracer],
  ])('carries nothing %s', async (_, tracer) => {
    const { batches, publish } = target();
    const chunks = textBodies('a');
    await traced({ publish }, tracer).publish('s', chunks);
    expect(batches[0]).toBe(chunks);
  });

  it('says what went wrong, and lets it go wrong', async () => {
    const { tracer, spans } = spanKeeper();
    const publish = () => Promise.reject(new StreamError('log-full', 'there is no room'));
    await expect(traced({ publish }, tracer).publish('s', textBodies('a'))).rejects.toThrow('there is no room');
    expect(spans()[0]).toMatchObject({
      attributes: { 'error.type': 'log-full' },
      status: { code: SpanStatusCode.ERROR, message: 'there is no room' },
      events: ['exception'],
    });
  });

  it('knows readers and streams as its target does', () => {
    const streams = createStreams({ log: createMemoryLog() });
    const wrapped = traced(streams, noTracer);
    expect(wrapped.readers).toBe(streams.readers);
    void streams.log.create('s');
    expect(wrapped.info!('s')).toMatchObject({ streamId: 's' });
    const { publish } = target();
    expect(Object.keys(traced({ publish }, noTracer))).toEqual(['publish']);
  });
});
