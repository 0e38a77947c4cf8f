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

  it('ends at once for a caller who has left before, and once where the session wants him neither', async () => {
    const abort = new AbortController();
    abort.abort();
    expect(new CallStage(abort).ends).toEqual(['1006 the caller has left']);
    const refused = new CallStage(abort, (link) => link.close(closeCodes['limit-reached'], 'full'));
    await undefined;
    expect([refused.ends, refused.failures.map(({ rawMessage }) => rawMessage)]).toEqual([['4429 full'], ['full']]);
  });

  it('says what would have been right, and how long to wait', () => {
    const stage = new CallStage();
    stage.link.send([{ t: 'error', code: 'rate-limited', message: 'no', expected: 3, field: 'seq', retryAfterMs: 40 }]);
    const [detail] = stage.failures[0]!.details as unknown as { value: object }[];
    expect(detail!.value).toEqual({ code: 'rate-limited', expected: 3n, field: 'seq', retryMs: 40n });
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
