import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createChunk, type EncodedChunk, encodeChunk, StreamError } from '../../src/chunk/index.js';
import type { GatewayEvent } from '../../src/gateway/index.js';
import type { Log } from '../../src/log/log.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { Tracing } from '../../src/telemetry/tracing.js';
import { logLaws } from '../../src/testing/index.js';
import { encodedTexts } from '../bodies.js';
import { noTracer, spanKeeper } from './span-keeper.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanOf = (n: number) => n.toString(16).padStart(16, '0');

/** A chunk that carries a trace on. */
function carrying(span: number): EncodedChunk {
  const metadata = { traceparent: `00-${traceId}-${spanOf(span)}-01` };
  return encodeChunk(createChunk({ streamId: 's', seq: 0, data: 'x', metadata }));
}

/** A tracing whose clock and gateway are in the test's hand. */
function stage(log: Log = createMemoryLog(), maxTraces?: number) {
  const { tracer, spans } = spanKeeper();
  let now = 1_000_000;
  const tracing = new Tracing(tracer, maxTraces, () => now);
  const events = new Subject<GatewayEvent>();
  const deliveries = tracing.deliveries({ events });
  const traced = tracing.log(log);
  void traced.create('s');
  return {
    log: traced,
    spans,
    deliveries,
    pass: (ms: number) => void (now += ms),
    deliver: (...chunks: EncodedChunk[]) =>
      events.next({
        type: 'gateway.delivered',
        streamId: 's',
        frame: { t: 'data', ch: 0, seq: 0, chunks },
        bytes: 1,
        live: true,
      }),
    events,
  };
}

describe('Tracing', () => {
  logLaws('a traced log', () => ({ log: new Tracing(noTracer).log(createMemoryLog()) }));
});

it('a traced log says as its log does whether others share it', () => {
  const log = createMemoryLog();
  expect(new Tracing(noTracer).log(log).exclusive).toBe(log.exclusive);
  expect(new Tracing(noTracer).log({ ...new Tracing(noTracer).log(log), exclusive: true }).exclusive).toBe(true);
});

describe('spans of a server', () => {
  it('tell when what was appended is kept, and when the first reader has it', async () => {
    const { log, spans, pass, deliver } = stage();
    await log.append('s', [carrying(1), ...encodedTexts('b')]);
    pass(250);
    deliver(carrying(1), ...encodedTexts('b'));
    deliver(carrying(1));
    expect(spans()).toMatchObject([
      {
        name: 'sluice.durable',
        kind: SpanKind.INTERNAL,
        traceId,
        parent: spanOf(1),
        attributes: { 'messaging.destination.name': 's', 'messaging.batch.message_count': 2, 'sluice.duplicates': 0 },
      },
      { name: 'sluice.deliver', kind: SpanKind.CONSUMER, traceId, parent: spanOf(1), startMs: 1_000_000, tookMs: 250 },
    ]);
  });

  it('tell of a log that answers late, too', async () => {
    const inner: Log = createMemoryLog();
    const append = inner.append.bind(inner);
    inner.append = async (...args) => append(...args);
    const { log, spans } = stage(inner);
    await log.append('s', [carrying(1)]);
    expect(spans()).toMatchObject([{ name: 'sluice.durable', parent: spanOf(1) }]);
  });

  it('tell of a delivery by another process when it is, and not how long it took', () => {
    const { spans, deliver } = stage();
    deliver(carrying(7));
    expect(spans()).toMatchObject([{ name: 'sluice.deliver', parent: spanOf(7), tookMs: 0 }]);
  });

  it('are linked where appends went together', async () => {
    const { log, spans } = stage();
    await log.append('s', [carrying(1), carrying(2), carrying(3)]);
    expect(spans()).toMatchObject([{ parent: spanOf(1), links: [spanOf(2), spanOf(3)] }]);
  });

  it('are none where no trace began', async () => {
    const { log, spans, deliver, events } = stage();
    await log.append('s', encodedTexts('a'));
    deliver(...encodedTexts('a'));
    events.next({ type: 'gateway.opened', session: 'a', transport: 'test' });
    expect(spans()).toEqual([]);
  });

  it('say what went wrong, at once or late', async () => {
    const { log, spans } = stage();
    await log.append('s', [], { close: { status: 'completed' } });
    expect(() => log.append('s', [carrying(1)])).toThrow(StreamError);
    const inner: Log = createMemoryLog();
    inner.append = () => Promise.reject(new StreamError('log-unavailable', 'gone'));
    const failing = stage(inner);
    await expect(failing.log.append('s', [carrying(1)])).rejects.toThrow('gone');
    expect(spans()).toMatchObject([
      { status: { code: SpanStatusCode.ERROR }, attributes: { 'error.type': 'stream-closed' } },
    ]);
    expect(failing.spans()).toMatchObject([{ attributes: { 'error.type': 'log-unavailable' } }]);
  });

  it('take so much memory and no more, however many traces there are', async () => {
    const { log, spans, deliver, pass } = stage(undefined, 2);
    for (const span of [1, 2, 3]) await log.append('s', [carrying(span)]);
    pass(10);
    for (const span of [1, 2, 3]) deliver(carrying(span));
    // The first was forgotten: that it was kept here is not known any more.
    expect(spans().filter(({ name }) => name === 'sluice.deliver')).toMatchObject([
      { tookMs: 0 },
      { tookMs: 10 },
      { tookMs: 10 },
    ]);
    deliver(carrying(1));
    expect(spans().filter(({ name }) => name === 'sluice.deliver')).toHaveLength(4);
    expect(() => new Tracing(noTracer, 0)).toThrow('maxTraces');
  });

  it('are made no more when nobody listens any more', () => {
    const { deliveries, deliver, spans } = stage();
    deliveries.unsubscribe();
    deliver(carrying(1));
    expect(spans()).toEqual([]);
  });
});
