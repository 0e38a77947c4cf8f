import { createChunk, encodeChunk } from 'sluice/chunk';
import { configSchema, openConfigLog, serveOptions } from 'sluice/node/config';
import { describe, expect, it } from 'vitest';

describe('serveOptions', () => {
  it('hands on what the configuration says', () => {
    const config = configSchema.parse({
      port: 0,
      origins: ['https://example.com'],
      websocket: {
        pingMs: 5000,
        maxFrameBytes: 2048,
        bufferBytes: 4096,
        compression: true,
        compressionThresholdBytes: 9,
      },
      sse: { heartbeatMs: 100, retryMs: 200, bufferChunks: 3, bufferBytes: 4 },
      streams: { maxStreams: 5, maxChunks: 6 },
      runs: { maxRuns: 7 },
    });
    expect(serveOptions(config)).toMatchObject({
      port: 0,
      origins: ['https://example.com'],
      limits: { pingMs: 5000, maxFrame: 2048 },
      highWaterMark: 4096,
      perMessageDeflate: { threshold: 9 },
      eventStream: { heartbeatMs: 100, retryMs: 200, windowChunks: 3, windowBytes: 4 },
      durable: { longPollTimeoutMs: 20_000, heartbeatMs: 100 },
      streamLimits: { maxStreams: 5, maxChunks: 6 },
      runs: { maxRuns: 7, watch: { pingMs: 5000, heartbeatMs: 100, retryMs: 200 } },
    });
    const plain = serveOptions(configSchema.parse({}));
    expect(plain).not.toHaveProperty('origins');
    expect(plain).not.toHaveProperty('tls');
    expect(plain).toMatchObject({ perMessageDeflate: false, logPatienceMs: 5000, h2c: false });
  });
});

describe('openConfigLog', () => {
  const chunks = [0, 1, 2].map((seq) => encodeChunk(createChunk({ streamId: 'a', seq, data: 'x' })));

  it('opens a log that drops the oldest where that is wanted', async () => {
    const config = configSchema.parse({ streams: { overflow: 'drop-oldest', maxChunks: 2 } });
    expect(serveOptions(config).streamLimits).not.toHaveProperty('maxChunks');
    const log = await openConfigLog(config);
    await log.create('a');
    await log.append('a', chunks);
    expect(await log.info('a')).toMatchObject({ first: 1, next: 3 });
    await log.dispose();
  });

  it('opens a log that keeps all else', async () => {
    const log = await openConfigLog(configSchema.parse({}));
    await log.create('a');
    await log.append('a', chunks);
    expect(await log.info('a')).toMatchObject({ first: 0, next: 3 });
    await log.dispose();
  });

  it('refuses to drop the oldest from a log that cannot', async () => {
    const config = configSchema.parse({ log: 'lmdb:folder', streams: { overflow: 'drop-oldest' } });
    await expect(openConfigLog(config)).rejects.toMatchObject({
      code: 'config-invalid',
      details: { field: 'streams.overflow' },
    });
  });
});
