import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { readCall } from '../../../src/transport/connect/read-call.js';
import { ReadRequestSchema } from '../../../src/transport/connect/streams-pb.js';
import { encodedTexts } from '../../bodies.js';
import { SessionStage } from './call-stage.js';

function begin() {
  const stage = new SessionStage();
  const request = create(ReadRequestSchema, { stream: 's' });
  const answers = readCall(request, stage.surroundings, { chunks: 4, bytes: 100 });
  return { stage, answers };
}

const data = (seq: number, ...texts: string[]) => ({ t: 'data', ch: 5, seq, chunks: encodedTexts(...texts) }) as const;

describe('readCall', () => {
  it('asks when it is listened to, and gives credit for what was taken', async () => {
    const { stage, answers } = begin();
    expect(stage.said).toEqual([]);
    const first = answers.next();
    expect(stage.said).toEqual([{ t: 'subscribe', stream: 's', from: 'beginning', chunks: 4, bytes: 100 }]);
    stage.link.send([{ t: 'subscribed', stream: 's', ch: 5, seq: 0 }, data(0, 'a'), data(1, 'b')]);
    expect((await first).value).toMatchObject({ event: { case: 'begin' } });
    await answers.next();
    await answers.next();
    expect(stage.said).toHaveLength(1);
    const waiting = answers.next();
    await undefined;
    stage.link.send([data(2, 'x'.repeat(60)), { t: 'end', ch: 5, seq: 3, status: 'completed' }]);
    await waiting;
    await answers.next();
    expect(stage.said.slice(1)).toEqual([
      { t: 'credit', ch: 5, chunks: 6, bytes: 102 },
      { t: 'credit', ch: 5, chunks: 7, bytes: 162 },
    ]);
    expect(await answers.next()).toEqual({ done: true, value: undefined });
    expect(stage.ends).toEqual(['1000 the call is over']);
  });

  it('hands on what came before it fails', async () => {
    const { stage, answers } = begin();
    const first = answers.next();
    stage.link.send([{ t: 'subscribed', stream: 's', ch: 5, seq: 0 }, { t: 'push', data: 1 }, data(0, 'a')]);
    stage.link.close(1001, 'restart');
    expect((await first).value).toMatchObject({ event: { case: 'begin' } });
    expect((await answers.next()).value).toMatchObject({ event: { case: 'chunks' } });
    await expect(answers.next()).rejects.toMatchObject({ rawMessage: 'restart' });
  });

  it('refuses a request that is none before it asks', async () => {
    const stage = new SessionStage();
    const answers = readCall(create(ReadRequestSchema), stage.surroundings, { chunks: 4, bytes: 100 });
    await expect(answers.next()).rejects.toMatchObject({ code: 'name-invalid' });
    expect(stage.said).toEqual([]);
  });
});
