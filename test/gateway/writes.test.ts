import { describe, expect, it } from 'vitest';
import type { PublishFrame } from '../../src/protocol/index.js';
import { textBodies } from '../bodies.js';
import { GatewayStage, logKinds } from './stage.js';

const publish = (seq: number, datas: string[], more: Partial<PublishFrame> = {}): PublishFrame => ({
  t: 'publish',
  stream: 's',
  producer: 'p',
  epoch: 0,
  seq,
  chunks: textBodies(...datas),
  ...more,
});

describe.each(logKinds)('Writes to a %s', (kind) => {
  it('creates the stream, keeps chunks in order and acknowledges them', async () => {
    const stage = new GatewayStage(kind);
    const [writer, reader] = [stage.connect(), stage.connect()];
    writer.say(publish(0, ['a', 'b']), publish(2, ['c'], { close: { status: 'completed', reason: 'all said' } }));
    await stage.settle();
    // A log that answers late is asked for the second before it has made the stream for the first.
    if (stage.late !== undefined) {
      writer.words();
      writer.say(publish(0, ['a', 'b']), publish(2, ['c'], { close: { status: 'completed', reason: 'all said' } }));
      await stage.settle();
    }
    expect(writer.words()).toEqual(
      ['ack stream=s producer=p epoch=0 seq=2 next=3', 'ack stream=s producer=p epoch=0 seq=3 next=3 closed=true'].map(
        (words, i) => (i === 0 && stage.late === undefined ? words.replace('next=3', 'next=2') : words),
      ),
    );
    reader.subscribe('s');
    await stage.settle();
    expect(reader.words()).toEqual([
      'subscribed stream=s from=beginning ch=0 seq=0',
      'data ch=0 seq=0 chunks=a,b,c',
      'end ch=0 seq=3 status=completed reason=all said',
    ]);
  });

  it('keeps once what is sent twice, and acknowledges it twice', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s');
    const link = stage.connect();
    link.say(publish(0, ['a']), publish(0, ['a']), publish(0, ['a', 'b']));
    await stage.settle();
    expect(link.words()).toEqual([
      'ack stream=s producer=p epoch=0 seq=1 next=1',
      'ack stream=s producer=p epoch=0 seq=1 next=1',
      'ack stream=s producer=p epoch=0 seq=2 next=2',
    ]);
    expect(stage.kept.info('s')!.next).toBe(2);
  });

  it.each([
    ['a frame too early', publish(5, ['x']), 'sequence-gap', 'expected=1'],
    ['an old life', publish(1, ['x'], { epoch: 0, producer: 'q' }), 'producer-fenced', 'expected=3'],
  ])('refuses %s', async (_, frame, code, tail) => {
    const stage = new GatewayStage(kind);
    stage.keep('s');
    const link = stage.connect();
    link.say(publish(0, ['a']), publish(0, ['b'], { producer: 'q', epoch: 3 }));
    await stage.settle();
    link.words();
    link.say(frame);
    await stage.settle();
    const [words = ''] = link.words();
    expect(words).toMatch(new RegExp(`^error code=${code} .* stream=s producer=${frame.producer} epoch=0 ${tail}$`));
    expect(stage.kept.info('s')!.next).toBe(2);
  });

  it('refuses more for a stream that has ended', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s');
    stage.end('s');
    const link = stage.connect();
    link.say(publish(0, ['a']));
    await stage.settle();
    expect(link.words().join()).toMatch(/^error code=stream-closed .* stream=s producer=p epoch=0$/);
  });

  describe('cancellation', () => {
    it('ends the stream for its readers and stops its writers, whoever asks', async () => {
      const stage = new GatewayStage(kind);
      const [writer, reader, other] = [stage.connect(), stage.connect(), stage.connect()];
      writer.say(publish(0, ['a']));
      await stage.settle();
      reader.subscribe('s');
      await stage.settle();
      for (const link of [writer, reader]) link.words();
      other.say({ t: 'cancel', stream: 's', reason: 'enough' });
      await stage.settle();
      other.say({ t: 'cancel', stream: 's' });
      await stage.settle();
      expect(writer.words()).toEqual(['stop stream=s reason=enough']);
      expect(reader.words()).toEqual(['end ch=0 seq=1 status=cancelled reason=enough']);
      expect(other.words()).toEqual([]);
      writer.say(publish(1, ['b']));
      await stage.settle();
      expect(writer.words().join()).toMatch(/^error code=stream-cancelled .* stream=s producer=p epoch=0$/);
    });

    it('of a stream that is not there is refused', async () => {
      const stage = new GatewayStage(kind);
      const link = stage.connect();
      link.say({ t: 'cancel', stream: 'nobody' });
      await stage.settle();
      expect(link.words()).toEqual(['error code=stream-not-found message=there is no stream "nobody" stream=nobody']);
    });
  });
});
