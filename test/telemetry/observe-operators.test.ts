import { from, lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { dedupe } from '../../operators/dedupe.js';
import type { ProbeEvent } from '../../src/probe/index.js';
import { metrics } from '../../src/telemetry/index.js';
import { createChunk } from '../../src/chunk/index.js';
import { TelemetryStage } from './stage.js';

const operator = 'test';

describe('what is counted of operators', () => {
  it.each([
    ['a chunk that came twice', { type: 'duplicate', seq: 1, operator }, 'duplicate', 1],
    ['a chunk that came too late', { type: 'late', seq: 1, operator }, 'late', 1],
    ['a hole', { type: 'hole', from: 2, to: 5, operator }, 'hole', 3],
    ['chunks asked for again', { type: 'nack', from: 2, to: 4, attempt: 1, operator }, 'nack', 2],
    ['a chunk that was repaired', { type: 'repaired', seq: 2, operator }, 'repaired', 1],
    ['chunks given up', { type: 'gap', from: 2, to: 4, reason: 'timeout', operator }, 'gap', 2],
    ['a chunk let go', { type: 'dropped', value: 0, operator }, 'dropped', 1],
    ['a corrupt chunk', { type: 'corrupt', seq: 1, operator }, 'corrupt', 1],
    ['an invalid one', { type: 'invalid', index: 0, field: undefined, message: '', operator }, 'invalid', 1],
  ] as const satisfies readonly (readonly [string, ProbeEvent, string, number])[])(
    '%s',
    async (_, event, outcome, chunks) => {
      const trial = new TelemetryStage();
      trial.telemetry.probe(event);
      expect(await trial.value(metrics.operatorChunks)).toEqual({ [outcome]: chunks });
    },
  );

  it('is nothing for what is about no chunk, and a number for retries', async () => {
    const trial = new TelemetryStage();
    trial.telemetry.probe({ type: 'unanswered', error: 0, operator });
    trial.telemetry.probe({ type: 'retry', attempt: 1, delayMs: 1, operator });
    expect(await trial.value(metrics.operatorChunks)).toEqual({});
    expect(await trial.value(metrics.operatorRetries)).toBe(1);
  });

  it('comes from the probe that operators are handed', async () => {
    const trial = new TelemetryStage();
    const chunk = createChunk({ streamId: 's', seq: 0, data: 'a' });
    const { probe } = trial.telemetry;
    expect(await lastValueFrom(from([chunk, chunk]).pipe(dedupe({ probe }), toArray()))).toHaveLength(1);
    expect(await trial.value(metrics.operatorChunks)).toEqual({ duplicate: 1 });
  });
});
