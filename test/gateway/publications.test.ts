import { describe, expect, it } from 'vitest';
import { type EncodedChunk, StreamError } from '../../src/chunk/index.js';
import { type PublishFrame } from '../../src/protocol/index.js';
import { encodedTexts, textBodies } from '../bodies.js';
import { SessionRecorder } from './recorder.js';

const publish = (...datas: string[]): PublishFrame => ({
  t: 'publish',
  stream: 's',
  producer: 'p',
  epoch: 1,
  seq: 4,
  chunks: textBodies(...datas),
});
const encoded = (...datas: string[]): PublishFrame<EncodedChunk> => ({
  ...publish(),
  chunks: encodedTexts(...datas),
});

describe('Publications', () => {
  it('has chunks kept, and acknowledges them', () => {
    const trial = new SessionRecorder();
    expect(trial.hears(publish('a', 'b'))).toEqual(['publish stream=s producer=p epoch=1 seq=4 chunks=a,b']);
    expect(trial.on((session) => session.published(encoded('a', 'b'), { next: 12 }))).toEqual(['dirty']);
    expect(trial.flush()).toEqual(['ack stream=s producer=p epoch=1 seq=6 next=12']);
  });

  it('says so when the acknowledged frame has ended the stream', () => {
    const trial = new SessionRecorder();
    const close = { status: 'completed' } as const;
    expect(trial.hears({ ...publish(), close })).toEqual([
      'publish stream=s producer=p epoch=1 seq=4 chunks= close={"status":"completed"}',
    ]);
    trial.session.published({ ...encoded(), close }, { next: 12 });
    expect(trial.flush()).toEqual(['ack stream=s producer=p epoch=1 seq=4 next=12 closed=true']);
  });

  it.each([
    ['sequence-gap', { expected: 2 }, ' expected=2'],
    ['producer-fenced', { expected: 3 }, ' expected=3'],
    ['stream-closed', {}, ''],
    ['stream-cancelled', {}, ''],
    ['chunk-invalid', { field: 'chunks.0.size' }, ' field=chunks.0.size'],
    ['log-full', {}, ''],
  ] as const)('refuses with %s, naming stream, producer and epoch', (code, details, tail) => {
    const trial = new SessionRecorder();
    trial.hears(publish('a'));
    trial.session.publishRefused(encoded('a'), new StreamError(code, 'no', details));
    expect(trial.flush()).toEqual([`error code=${code} message=no stream=s producer=p epoch=1${tail}`]);
  });

  describe('what waits to be kept', () => {
    const refusal = (chunks: number, bytes: number) =>
      `error code=overflow message=more than ${chunks} chunks or ${bytes} bytes of this connection wait to be kept stream=s producer=p epoch=1`;
    const [{ length }] = encodedTexts('a') as [EncodedChunk];

    it('is bounded by chunks, and a frame without any counts as one', () => {
      const trial = new SessionRecorder({ maxPendingChunks: 2, maxPendingBytes: 1000 });
      expect(trial.hears(publish('a'), publish(), publish())).toEqual([
        'publish stream=s producer=p epoch=1 seq=4 chunks=a',
        'publish stream=s producer=p epoch=1 seq=4 chunks=',
        'dirty',
      ]);
      expect(trial.flush()).toEqual([refusal(2, 1000)]);
    });

    it('is bounded by bytes', () => {
      const trial = new SessionRecorder({ maxPendingBytes: 2 * length });
      expect(trial.hears(publish('a', 'b'), publish('c'))).toHaveLength(2);
      expect(trial.flush()).toEqual([refusal(65_536, 2 * length)]);
    });

    it('waits no more once it was kept or refused', () => {
      const trial = new SessionRecorder({ maxPendingChunks: 1 });
      const kept = ['publish stream=s producer=p epoch=1 seq=4 chunks=a'];
      expect(trial.hears(publish('a'))).toEqual(kept);
      trial.session.published(encoded('a'), { next: 1 });
      trial.flush();
      expect(trial.hears(publish('a'))).toEqual(kept);
      trial.session.publishRefused(encoded('a'), new StreamError('log-full', 'no'));
      trial.flush();
      expect(trial.hears(publish('a'))).toEqual(kept);
    });
  });

  describe('cancellation', () => {
    it('is handed on, with its reason or without', () => {
      const trial = new SessionRecorder();
      expect(trial.hears({ t: 'cancel', stream: 's', reason: 'enough' }, { t: 'cancel', stream: 's' })).toEqual([
        'cancel s enough',
        'cancel s undefined',
      ]);
    });

    it('stops those who have written to the stream, once', () => {
      const trial = new SessionRecorder();
      trial.session.published(encoded('a'), { next: 1 });
      trial.session.published({ ...encoded('a'), stream: 'other' }, { next: 1 });
      trial.flush();
      trial.session.stopped('s', undefined);
      trial.session.stopped('s', 'again');
      trial.session.stopped('other', 'enough');
      trial.session.stopped('never written', 'enough');
      expect(trial.flush()).toEqual(['stop stream=s', 'stop stream=other reason=enough']);
    });

    it('does not stop those who have ended the stream themselves', () => {
      const trial = new SessionRecorder();
      trial.session.published(encoded('a'), { next: 1 });
      trial.session.published({ ...encoded(), close: { status: 'completed' } }, { next: 1 });
      trial.flush();
      trial.session.stopped('s', undefined);
      expect(trial.flush()).toEqual([]);
    });
  });

  describe('that is sent elsewhere', () => {
    it('ends at once when nothing waits to be kept', () => {
      const trial = new SessionRecorder();
      expect(trial.on((session) => session.leave(500, 'restart'))).toEqual([
        'dirty',
        'send goodbye retryMs=500',
        'close 1001 restart',
      ]);
    });

    it('ends when what it wrote is acknowledged or refused, and takes nothing more', () => {
      const trial = new SessionRecorder();
      trial.hears(publish('a'), publish('b'));
      trial.session.leave(500, 'restart');
      trial.session.leave(7, 'twice');
      expect(trial.flush()).toEqual(['goodbye retryMs=500']);
      expect(trial.hears(publish('c'))).toEqual([]);
      expect(trial.on((session) => session.published(encoded('a'), { next: 1 }))).toEqual(['dirty']);
      const refused = new StreamError('log-full', 'no');
      expect(trial.on((session) => session.publishRefused(encoded('b'), refused))).toEqual([
        'send ack stream=s producer=p epoch=1 seq=5 next=1 | error code=log-full message=no stream=s producer=p epoch=1',
        'close 1001 restart',
      ]);
    });

    it('is not, when it is over', () => {
      const trial = new SessionRecorder();
      trial.session.closed();
      expect(trial.on((session) => session.leave(500, 'restart'))).toEqual([]);
    });
  });

  it('ends when the log cannot be reached: the client goes elsewhere, and gives nothing up', () => {
    const trial = new SessionRecorder();
    trial.hears(publish('a'));
    const error = new StreamError('log-unavailable', 'Redis cannot be reached');
    expect(trial.on((session) => session.publishRefused(encoded('a'), error))).toEqual([
      'close 4503 Redis cannot be reached',
    ]);
  });
});
