import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { StreamService } from '../../../src/transport/connect/streams-pb.js';

describe('what is generated from proto/', () => {
  it('is current', () => {
    const check = spawnSync(process.execPath, ['scripts/proto.mjs', '--check'], { encoding: 'utf8' });
    expect(check).toMatchObject({ status: 0, stderr: '' });
  }, 60_000);

  it('describes the service', () => {
    expect(StreamService.typeName).toBe('sluice.v1.StreamService');
    expect(StreamService.methods.map(({ name, methodKind }) => `${name}: ${methodKind}`)).toEqual([
      'Read: server_streaming',
      'Publish: unary',
      'PublishAll: client_streaming',
      'Cancel: unary',
    ]);
  });
});
