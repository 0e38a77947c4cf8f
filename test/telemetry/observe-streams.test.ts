import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { metrics } from '../../src/telemetry/index.js';
import { encodedTexts, textBodies } from '../bodies.js';
import { TelemetryStage } from './stage.js';

describe('what is counted of streams', () => {
  it('moves when streams are created, written, sent again, read and removed', async () => {
    const trial = new TelemetryStage();
    const { streams } = trial.stage;
    const producer = { id: 'p', epoch: 0, seq: 0 };
    for (let i = 0; i < 2; i++) await streams.publish('s', textBodies('a', 'bc'), { producer });
    await streams.close('s');
    const read: unknown[] = [];
    for await (const { data } of streams.read('s')) read.push(data);
    expect(read).toEqual(['a', 'bc']);
    await streams.delete('s');
    expect(await trial.value(metrics.streamsCreated)).toBe(1);
    expect(await trial.value(metrics.createDuration)).toBe(1);
    expect(await trial.value(metrics.appendChunks)).toBe(2);
    expect(await trial.value(metrics.appendIo)).toBe(3);
    expect(await trial.value(metrics.appendDuration)).toBe(1);
    expect(await trial.value(metrics.appendDuplicates)).toBe(2);
    expect(await trial.value(metrics.readChunks)).toBe(2);
    expect(await trial.value(metrics.streamsDeleted)).toBe(1);
  });

  it('tells how old chunks are when a reader that waited for them has them', async () => {
    const trial = new TelemetryStage();
    const { streams } = trial.stage;
    await streams.create('s');
    const chunks = streams.read('s');
    const next = chunks.next();
    for (let hops = 0; hops < 8; hops++) await undefined;
    await streams.publish('s', textBodies('a'));
    await next;
    await chunks.return!();
    expect(await trial.value(metrics.deliveryAge)).toBe(1);
  });

  it('tells ends apart by how, and by reasons of ours', async () => {
    const trial = new TelemetryStage();
    const { streams } = trial.stage;
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await streams.create(name);
    await streams.close('a');
    await streams.close('b', 'failed');
    await streams.close('c', 'failed', 'stale');
    await streams.close('d', 'failed', 'producer-lost');
    await streams.close('e', 'failed', 'chunks-missing');
    await streams.close('f', 'failed', 'a reason somebody thought of');
    await streams.cancel('g', 'nobody wants it');
    expect(await trial.value(metrics.streamsEnded)).toEqual({
      'completed none': 1,
      'failed none': 1,
      'failed stale': 1,
      'failed producer-lost': 1,
      'failed chunks-missing': 1,
      'failed other': 1,
      'cancelled other': 1,
    });
  });

  it('tells appends that fail apart by their codes', async () => {
    const trial = new TelemetryStage();
    const { streams, log } = trial.stage;
    await streams.publish('s', textBodies('a'), { close: { status: 'completed' } });
    await expect(streams.publish('s', textBodies('b'))).rejects.toMatchObject({ code: 'stream-closed' });
    log.append = () => {
      throw new StreamError('log-unavailable', 'it is gone');
    };
    expect(() => streams.append('t', encodedTexts('a'))).toThrow('it is gone');
    expect(await trial.value(metrics.appendFailures)).toEqual({ 'stream-closed': 1, 'log-unavailable': 1 });
  });

  it('counts chunks that a reader asked for too late', async () => {
    const trial = new TelemetryStage();
    const { streams, kept } = trial.stage;
    await streams.publish('s', textBodies('a', 'b', 'c'), { close: { status: 'completed' } });
    kept.trim('s', 2);
    for await (const { data } of streams.read('s', { from: 0, onGap: 'skip' })) expect(data).toBe('c');
    expect(await trial.value(metrics.readMissing)).toBe(2);
  });
});
