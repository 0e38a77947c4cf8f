import { describe, expect, it } from 'vitest';
import { createRefusals } from '../../src/probe/index.js';
import { createTelemetry, type Metric, metrics, prometheusName } from '../../src/telemetry/index.js';
import { textBodies } from '../bodies.js';
import { lineKeeper } from './line-keeper.js';
import { TelemetryStage } from './stage.js';

describe('createTelemetry', () => {
  it('shows every metric with what it is', async () => {
    const text = await new TelemetryStage().telemetry.prometheus();
    for (const metric of Object.values<Metric>(metrics)) {
      const name = prometheusName(metric);
      expect(text).toContain(`# HELP ${name} ${metric.description}\n# TYPE ${name} ${metric.kind}\n`);
    }
    expect(text.match(/^# TYPE/gm)).toHaveLength(Object.keys(metrics).length);
  });

  it('names no stream, unless it is told to', async () => {
    const trial = new TelemetryStage();
    const { stage } = trial;
    stage.keep('moby-dick', 'a', 'b');
    stage.connect().subscribe('moby-dick', 'beginning', 1);
    await stage.streams.publish('moby-dick', textBodies('c'));
    await stage.settle();
    expect(await trial.telemetry.prometheus()).not.toContain('moby');
  });

  it('shows what was refused, by why', async () => {
    const refusals = createRefusals();
    const trial = new TelemetryStage({}, { refusals });
    refusals.count('rate');
    refusals.count('rate');
    expect(await trial.value(metrics.refusals)).toMatchObject({ rate: 2, expired: 0 });
  });

  it('writes lines of yours, cleaned, and counts those left out', async () => {
    const { logger, lines } = lineKeeper();
    const trial = new TelemetryStage({ logger, maxLinesPerSecond: 1 });
    trial.telemetry.write('info', 'started', { url: 'http://host/?token=abc' });
    trial.telemetry.write('info', 'started again');
    expect(lines()).toEqual([{ level: 'info', message: 'started', fields: { url: 'http://host/?token=[left out]' } }]);
    expect(await trial.value(metrics.logLinesDropped)).toBe(1);
    createTelemetry().write('info', 'nobody hears it');
  });

  it('is of use before it observes anything, and observes one server', async () => {
    const telemetry = createTelemetry();
    telemetry.probe({ type: 'retry', attempt: 1, delayMs: 1, operator: 'test' });
    expect(await telemetry.prometheus()).toContain('sluice_operator_retries_total 1\n');
    const trial = new TelemetryStage();
    expect(() => trial.telemetry.observe(trial.stage)).toThrow('observes one server');
  });

  it('counts no more when it is disposed of', async () => {
    const trial = new TelemetryStage();
    trial.telemetry.dispose();
    trial.stage.connect();
    await trial.stage.streams.publish('s', textBodies('a'));
    expect(await trial.value(metrics.appendChunks)).toBe(0);
    expect(await trial.value(metrics.connectionsOpened)).toEqual({});
  });

  it.each([
    ['streamLabels', { streamLabels: 1001 }],
    ['refreshMs', { refreshMs: -1 }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['maxSeries', { maxSeries: 0 }],
  ])('refuses a wrong %s', (name, options) => {
    expect(() => createTelemetry(options)).toThrow(name);
  });
});
