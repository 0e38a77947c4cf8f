import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { packParcel } from '../../src/gateway/parcel.js';
import { encodedText } from '../bodies.js';
import { SessionRecorder } from './recorder.js';

const subscribe = { t: 'subscribe', stream: 's', from: 'beginning', chunks: 2, bytes: 20 } as const;

describe('Subscriptions', () => {
  it('looks for the stream, and answers when it is found', () => {
    const trial = new SessionRecorder();
    expect(trial.hears(subscribe)).toEqual(['subscribe s beginning']);
    expect(trial.on((session) => expect(session.subscribed('s', 7, 3)).toBeDefined())).toEqual(['dirty']);
    expect(trial.flush()).toEqual(['subscribed stream=s from=beginning ch=7 seq=3']);
    const [subscription] = trial.session.subscriptions;
    expect(subscription).toMatchObject({ streamId: 's', ch: 7, start: 3, next: 3, chunkCredit: 2 });
  });

  it('says which life of the stream it reads, and hears which one was read before', () => {
    const trial = new SessionRecorder();
    expect(trial.hears({ ...subscribe, life: 'first' })).toEqual(['subscribe s beginning first']);
    trial.on((session) => session.subscribed('s', 7, 3, undefined, 'first'));
    trial.flush();
    expect(trial.sent).toMatchObject([{ t: 'subscribed', stream: 's', life: 'first' }]);
  });

  it('does not want a stream that nobody asked for', () => {
    const trial = new SessionRecorder();
    expect(trial.session.subscribed('s', 7, 3)).toBeUndefined();
    expect(trial.flush()).toEqual([]);
  });

  it('tells why a stream cannot be read, and may be asked again', () => {
    const trial = new SessionRecorder();
    trial.hears(subscribe);
    trial.session.subscribeRefused('s', new StreamError('stream-not-found', 'no such stream'));
    expect(trial.flush()).toEqual(['error code=stream-not-found message=no such stream stream=s']);
    expect(trial.hears(subscribe)).toEqual(['subscribe s beginning']);
  });

  it('answers a repeated request again, with no more than its credit', () => {
    const trial = new SessionRecorder();
    const subscription = trial.reads('s', 7, { from: 4 });
    trial.delivers(subscription, 'a', 'b');
    expect(trial.hears({ t: 'subscribe', stream: 's', from: 4, chunks: 12, bytes: 50 })).toEqual(['dirty', 'ready s']);
    expect(trial.flush()).toEqual(['subscribed stream=s from=4 ch=7 seq=4']);
    expect(subscription).toMatchObject({ next: 6, chunkCredit: 10 });
  });

  it('asks once, however often a request is repeated before the answer', () => {
    const trial = new SessionRecorder();
    expect(trial.hears(subscribe, subscribe)).toEqual(['subscribe s beginning']);
    trial.session.subscribed('s', 7, 0);
    expect(trial.flush()).toEqual(['subscribed stream=s from=beginning ch=7 seq=0']);
  });

  it('refuses another position of a stream being read, and says on which channel', () => {
    const trial = new SessionRecorder();
    trial.reads('s', 7);
    trial.hears({ ...subscribe, from: 9 });
    const refusal = 'message=stream "s" is being read already: unsubscribe first stream=s';
    expect(trial.flush()).toEqual([`error code=frame-unexpected ${refusal} ch=7`]);

    const other = new SessionRecorder();
    expect(other.hears(subscribe, { ...subscribe, from: 9 })).toEqual(['subscribe s beginning', 'dirty']);
    expect(other.flush()).toEqual([`error code=frame-unexpected ${refusal}`]);
  });

  it('reads so many streams and no more, those counted that are being looked for', () => {
    const trial = new SessionRecorder({ maxSubscriptions: 2 });
    trial.reads('a', 1);
    expect(trial.hears({ ...subscribe, stream: 'b' })).toEqual(['subscribe b beginning']);
    trial.hears({ ...subscribe, stream: 'c' });
    expect(trial.flush()).toEqual([
      'error code=limit-reached message=a connection may read at most 2 streams stream=c',
    ]);
    trial.hears({ t: 'unsubscribe', ch: 1 });
    expect(trial.hears({ ...subscribe, stream: 'c' })).toEqual(['subscribe c beginning']);
  });

  it('raises credit, and lets a grant pass that crossed the end of its subscription', () => {
    const trial = new SessionRecorder();
    const subscription = trial.reads('s', 7, { chunks: 1, bytes: 10 });
    expect(trial.hears({ t: 'credit', ch: 7, chunks: 5, bytes: 50 })).toEqual(['ready s']);
    expect(subscription.chunkCredit).toBe(5);
    expect(trial.hears({ t: 'credit', ch: 8, chunks: 5, bytes: 50 })).toEqual([]);
    trial.session.ended(subscription, { status: 'completed' });
    trial.flush();
    expect(trial.hears({ t: 'credit', ch: 7, chunks: 6, bytes: 60 })).toEqual([]);
  });

  it('ends a subscription, and confirms also the end of one that is over', () => {
    const trial = new SessionRecorder();
    trial.reads('s', 7);
    expect(trial.hears({ t: 'unsubscribe', ch: 7 }, { t: 'unsubscribe', ch: 7 })).toEqual(['unsubscribe s', 'dirty']);
    expect(trial.flush()).toEqual(['unsubscribed ch=7', 'unsubscribed ch=7']);
    expect([...trial.session.subscriptions]).toEqual([]);
  });

  it('sends chunks, gaps and ends, each with its numbers', () => {
    const trial = new SessionRecorder();
    const subscription = trial.reads('s', 7);
    expect(trial.delivers(subscription, 'a', 'bc')).toEqual(['data ch=7 seq=0 chunks=a,bc']);
    trial.session.gap(subscription, 2, 5);
    expect(subscription.next).toBe(5);
    trial.session.gap(subscription, 0, 1);
    expect(subscription.next).toBe(5);
    trial.session.resend(packParcel(7, 1, [encodedText('bc')]));
    trial.session.ended(subscription, { status: 'failed', reason: 'broke' });
    expect(trial.flush()).toEqual([
      'gap ch=7 from=2 to=5 reason=trimmed',
      'gap ch=7 from=0 to=1 reason=trimmed',
      'data ch=7 seq=1 chunks=bc',
      'end ch=7 seq=5 status=failed reason=broke',
    ]);
  });

  it('has those chunks looked up that were sent and are asked for again', () => {
    const trial = new SessionRecorder();
    const subscription = trial.reads('s', 7);
    trial.delivers(subscription, 'a', 'b', 'c');
    const nack = (ch: number, ...ranges: [number, number][]) => trial.hears({ t: 'nack', ch, ranges });
    expect(nack(7, [0, 1], [2, 9], [3, 4])).toEqual(['repair s 0-1,2-3']);
    expect(nack(7, [3, 4])).toEqual([]);
    expect(nack(8, [0, 1])).toEqual([]);
  });

  it('sends nothing again while the link takes no more, or the turn is full', () => {
    const trial = new SessionRecorder();
    const subscription = trial.reads('s', 7, { bytes: 1 << 22 });
    const nack = { t: 'nack', ch: 7, ranges: [[0, 1]] } as const;
    trial.session.deliver(subscription, packParcel(7, 0, [encodedText('x'.repeat(1 << 20))]));
    expect(trial.session.full).toBe(true);
    expect(trial.hears({ ...nack, ranges: [[0, 1]] })).toEqual(['dirty']);
    trial.writable = false;
    trial.flush();
    expect(trial.session).toMatchObject({ full: false, writable: false });
    expect(trial.hears({ ...nack, ranges: [[0, 1]] })).toEqual([]);
    trial.writable = true;
    trial.on((session) => session.drained());
    expect(trial.hears({ ...nack, ranges: [[0, 1]] })).toEqual(['repair s 0-1']);
  });

  it('drops a subscription that cannot go on', () => {
    const trial = new SessionRecorder();
    const subscription = trial.reads('s', 7);
    const error = new StreamError('internal', 'the disk is gone');
    expect(trial.on((session) => session.drop(subscription, error))).toEqual(['unsubscribe s', 'dirty']);
    expect(trial.flush()).toEqual(['error code=internal message=the disk is gone stream=s ch=7']);
    expect(trial.hears(subscribe)).toEqual(['subscribe s beginning']);
  });

  describe('ping', () => {
    it('is answered with how far was sent, behind an end that is told again', () => {
      const trial = new SessionRecorder();
      const running = trial.reads('a', 1);
      const ended = trial.reads('b', 2, { from: 5 });
      trial.delivers(running, 'x', 'y');
      trial.session.ended(ended, { status: 'completed' });
      trial.flush();
      const grants: [number, number, number][] = [
        [1, 20, 200],
        [2, 20, 200],
        [3, 20, 200],
      ];
      expect(trial.hears({ t: 'ping', grants })).toEqual(['ready a', 'dirty']);
      expect(trial.flush()).toEqual([
        'end ch=2 seq=5 status=completed',
        'unsubscribed ch=3',
        'pong sent=[[1,2],[2,5]]',
      ]);
      expect(running.chunkCredit).toBe(18);
      trial.hears({ t: 'ping', grants: [] });
      expect(trial.flush()).toEqual(['pong sent=[]']);
    });
  });
});
