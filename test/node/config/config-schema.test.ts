import { configSchema } from 'sluice/node/config';
import { describe, expect, it } from 'vitest';

describe('configSchema', () => {
  it('fills in every setting', () => {
    expect(configSchema.parse({})).toMatchObject({
      host: '127.0.0.1',
      port: 4437,
      allowPublic: false,
      log: 'memory',
      websocket: { pingMs: 30_000, maxFrameBytes: 65_536, compression: false },
      sse: { heartbeatMs: 15_000, retryMs: 1000 },
      streams: { overflow: 'refuse' },
    });
  });

  it('knows no other names', () => {
    expect(configSchema.safeParse({ prot: 1 }).success).toBe(false);
    expect(configSchema.safeParse({ sse: { heartbeat: 1 } }).success).toBe(false);
  });
});
