import type { ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { closeCodes } from '../../../src/protocol/index.js';
import { CallStage } from './call-stage.js';

describe('Call', () => {
  it('hands on what the session says, and says what it is told to', () => {
    const stage = new CallStage();
    stage.link.send([{ t: 'unsubscribed', ch: 1 }]);
    stage.call.say({ t: 'unsubscribe', ch: 1 });
    expect([stage.frames, stage.said]).toEqual([[{ t: 'unsubscribed', ch: 1 }], [{ t: 'unsubscribe', ch: 1 }]]);
  });

  it('gives the signs of life that the session asks for, until it is over', () => {
    const stage = new CallStage();
    stage.welcome(100);
    stage.pass(250);
    expect(stage.said).toEqual([
      { t: 'ping', grants: [] },
      { t: 'ping', grants: [] },
    ]);
    stage.call.leave();
    stage.pass(1000);
    expect(stage.said).toHaveLength(2);
    expect(stage.ends).toEqual(['1000 the call is over']);
  });

  it('ends when the caller leaves, once', () => {
    const stage = new CallStage();
    stage.abort.abort();
    stage.call.leave();
    expect(stage.ends).toEqual(['1006 the caller has left']);
    expect(stage.failures.map(({ rawMessage }) => rawMessage)).toEqual(['the caller has left']);
  });

  it('ends at once for a caller who has left before', () => {
    const abort = new AbortController();
    abort.abort();
    expect(new CallStage(abort).ends).toEqual(['1006 the caller has left']);
  });

  it('fails with what the session refuses, or closes with, and hears nothing more', async () => {
    const refused = new CallStage();
    refused.link.send([
      { t: 'error', code: 'stream-not-found', message: 'nowhere' },
      { t: 'unsubscribed', ch: 1 },
    ]);
    await undefined;
    expect([refused.frames, refused.ends]).toEqual([[], ['1000 nowhere']]);
    const closed = new CallStage();
    closed.link.send([{ t: 'goodbye', retryMs: 40 }]);
    closed.link.close(closeCodes['going-away'], 'restart');
    closed.link.close(closeCodes.internal, 'again');
    await undefined;
    expect(closed.ends).toEqual(['1001 restart']);
    expect(closed.failures.map(shown)).toEqual(['restart 40']);
  });
});

const shown = (error: ConnectError) => {
  const [detail] = error.details as unknown as { value: { retryMs: bigint } }[];
  return `${error.rawMessage} ${detail!.value.retryMs}`;
};
