import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { cancelCall, publishCall } from '../../../src/transport/connect/publish-call.js';
import { CancelRequestSchema, PublishRequestSchema } from '../../../src/transport/connect/streams-pb.js';
import { SessionStage } from './call-stage.js';
import { textChunk } from './lab.js';

const request = (seq: number) =>
  create(PublishRequestSchema, { stream: 's', producer: 'p', seq: BigInt(seq), chunks: [textChunk('a')] });
const ack = (seq: number) => ({ t: 'ack', stream: 's', producer: 'p', epoch: 0, seq, next: 10 + seq }) as const;
const hops = async () => {
  for (let i = 0; i < 8; i++) await undefined;
};

describe('publishCall', () => {
  it('is answered when it is kept', async () => {
    const stage = new SessionStage();
    const answer = publishCall([request(0)], stage.surroundings);
    await hops();
    expect(stage.said).toMatchObject([{ t: 'publish', seq: 0 }]);
    stage.link.send([{ t: 'unsubscribed', ch: 0 }, ack(1)]);
    expect(await answer).toMatchObject({ seq: 1n, next: 11n, closed: false });
    expect(stage.ends).toEqual(['1000 the call is over']);
  });

  it('sends one batch behind the other, and ends with the first that is refused', async () => {
    const stage = new SessionStage();
    const answer = publishCall([request(0), request(1), request(2)], stage.surroundings);
    const refused = answer.catch((error: unknown) => error);
    await hops();
    stage.link.send([ack(1)]);
    await hops();
    stage.link.send([{ t: 'error', code: 'log-full', message: 'no' }]);
    expect(await refused).toMatchObject({ rawMessage: 'no' });
    expect(stage.said).toHaveLength(2);
  });

  it('fails at once when the session is over', async () => {
    const stage = new SessionStage();
    stage.abort.abort();
    await expect(publishCall([request(0)], stage.surroundings)).rejects.toMatchObject({
      rawMessage: 'the caller has left',
    });
  });
});

describe('cancelCall', () => {
  it('is answered when nothing was refused', async () => {
    const stage = new SessionStage();
    const answer = cancelCall(create(CancelRequestSchema, { stream: 's' }), stage.surroundings);
    await hops();
    expect(stage.said).toEqual([
      { t: 'cancel', stream: 's' },
      { t: 'ping', grants: [] },
    ]);
    stage.link.send([{ t: 'pong', sent: [] }]);
    expect(await answer).toMatchObject({});
    expect(stage.ends).toHaveLength(1);
  });
});
