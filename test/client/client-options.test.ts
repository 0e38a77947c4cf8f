import { describe, expect, it } from 'vitest';
import { createClient } from '../../src/client/index.js';
import { ClientStage } from './stage.js';

describe('createClient', () => {
  describe('refuses', () => {
    const { transport } = new ClientStage();
    it.each([
      [{ window: { chunks: 0, bytes: 1 } }, 'window.chunks'],
      [{ window: { chunks: 2 ** 21, bytes: 1 } }, 'window.chunks'],
      [{ window: { chunks: 1, bytes: 0 } }, 'window.bytes'],
      [{ gapMs: 0 }, 'gapMs'],
      [{ connectMs: 0 }, 'connectMs'],
      [{ pingMs: -1 }, 'pingMs'],
      [{ retryMs: 0.5 }, 'retryMs'],
      [{ maxRetries: -1 }, 'maxRetries'],
      [{ maxQueue: 0 }, 'maxQueue'],
      [{ backoff: { minMs: 0 } }, 'backoff.minMs'],
      [{ producer: '' }, 'producer.length'],
    ])('%j, naming the option', (options, name) => {
      expect(() => createClient({ transport, ...options })).toThrow(RangeError);
      expect(() => createClient({ transport, ...options })).toThrow(`${name} must be`);
    });

    it('misuse at call time', () => {
      const { client } = new ClientStage();
      expect(() => client.receive('a//b')).toThrow('stream name');
      expect(() => client.read('')).toThrow('stream name');
      expect(() => client.publish('..', [])).toThrow('stream name');
      expect(() => client.cancel('a\\b')).toThrow('stream name');
      expect(() => client.receive('s', { from: -1 })).toThrow('from must be');
      expect(() => client.read('s', { window: { chunks: 0, bytes: 1 } })).toThrow('window.chunks must be');
      const publish = (options: object) => () => client.publish('s', [], options);
      expect(publish({ producer: { id: '', epoch: 0, seq: 0 } })).toThrow('producer.id.length must be');
      expect(publish({ producer: { id: 7, epoch: 0, seq: 0 } })).toThrow('producer.id must be a string, got a number');
      expect(publish({ producer: { id: 'p', epoch: -1, seq: 0 } })).toThrow('producer.epoch must be');
      expect(publish({ producer: { id: 'p', epoch: 0, seq: 0.5 } })).toThrow('producer.seq must be');
      expect(publish({ close: { status: 'failed', reason: 'x'.repeat(1025) } })).toThrow('close.reason.length must be');
      expect(() => client.cancel('s', 'x'.repeat(1025))).toThrow('reason.length must be');
    });
  });
});
