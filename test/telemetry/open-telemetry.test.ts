import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { createMemoryLog } from '../../src/log/memory.js';
import { createStreams } from '../../src/streams/index.js';
import { createGateway } from '../../src/gateway/index.js';
import { createTelemetry, metrics } from '../../src/telemetry/index.js';
import { openTelemetry, traced } from '../../src/telemetry/open-telemetry.js';
import { TestLink } from '../gateway/stage.js';
import { textBodies } from '../bodies.js';
import { spanKeeper } from './span-keeper.js';

describe('openTelemetry', () => {
  it('follows an append until it is kept, and until the first reader has it, in one trace', async () => {
    const { tracer, spans } = spanKeeper();
    const telemetry = createTelemetry({ exporter: openTelemetry({ tracer }) });
    const streams = createStreams({ log: telemetry.log(createMemoryLog()) });
    const gateway = createGateway({ streams });
    telemetry.observe({ streams, gateway });
    const link = new TestLink();
    link.events = gateway.accept(link, { transport: 'test' });
    await streams.create('s');
    link.subscribe('s');
    await traced(streams, tracer).publish('s', textBodies('a', 'b'));
    while (link.all('data').length === 0) await new Promise((resolve) => setImmediate(resolve));
    const [append, durable, deliver] = ['append', 'durable', 'deliver'].map((name) =>
      spans().find((span) => span.name === `sluice.${name}`),
    );
    expect([durable!.traceId, deliver!.traceId]).toEqual([append!.traceId, append!.traceId]);
    expect([durable!.parent, deliver!.parent]).toEqual([append!.spanId, append!.spanId]);
    expect(deliver!.tookMs).toBeGreaterThan(0);
    telemetry.dispose();
    gateway.close();
  });

  it('hands measurements over as long as it goes on', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
    const provider = new MeterProvider({ readers: [reader] });
    const telemetry = createTelemetry({ exporter: openTelemetry({ meter: provider.getMeter('test') }) });
    const log = createMemoryLog();
    expect(telemetry.log(log)).toBe(log);
    const streams = createStreams({ log });
    telemetry.observe({ streams, gateway: createGateway({ streams }) });
    await streams.publish('s', textBodies('a', 'b'));
    const chunks = async () => {
      exporter.reset();
      await reader.forceFlush();
      const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
      return all.find(({ descriptor }) => descriptor.name === metrics.appendChunks.name)?.dataPoints[0]?.value;
    };
    expect(await chunks()).toBe(2);
    telemetry.dispose();
    await streams.publish('s', textBodies('c'));
    expect(await chunks()).toBe(2);
    await provider.shutdown();
  });
});
