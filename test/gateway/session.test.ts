import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { packParcel } from '../../src/gateway/parcel.js';
import { BadFrame } from '../../src/protocol/index.js';
import { encodedText } from '../bodies.js';
import { SessionRecorder } from './recorder.js';

const subscribe = { t: 'subscribe', stream: 's', from: 'beginning', chunks: 2, bytes: 20 } as const;

describe('Session', () => {
  it('says nothing of itself, and welcome when it is opened', () => {
    const trial = new SessionRecorder({ maxFrame: 2048, pingMs: 50, window: { chunks: 3, bytes: 40 } });
    expect(trial.flush()).toEqual([]);
    expect(trial.on((session) => session.open())).toEqual(['dirty']);
    expect(trial.flush()).toEqual([
      'welcome protocol=sluice.v1 session=id maxFrame=2048 pingMs=50 window={"chunks":3,"bytes":40}',
    ]);
  });

  describe('frames that cannot be read', () => {
    const bad = (about: Partial<BadFrame>) =>
      new BadFrame(
        new StreamError('frame-invalid', 'wrong', { field: 'seq' }),
        't',
        about.stream,
        about.ch,
        about.producer,
      );

    it('are answered by an error that names what they were about', () => {
      const trial = new SessionRecorder();
      trial.hears(bad({}), bad({ stream: 's', ch: 1, producer: 'p' }), bad({ producer: '' }));
      expect(trial.flush()).toEqual([
        'error code=frame-invalid message=wrong field=seq',
        'error code=frame-invalid message=wrong stream=s ch=1 producer=p field=seq',
        'error code=frame-invalid message=wrong field=seq',
      ]);
    });

    it('end the session when there are too many, with what is behind them unread', () => {
      const trial = new SessionRecorder({ maxBadFrames: 2 });
      expect(trial.hears(bad({}))).toEqual(['dirty']);
      const error = 'error code=frame-invalid message=wrong field=seq';
      expect(trial.hears(bad({}), { t: 'ping', grants: [] })).toEqual([
        `send ${error} | ${error}`,
        'close 4429 2 invalid frames',
      ]);
    });
  });

  describe('its end', () => {
    it('comes with 4408 after two and a half pings of silence', () => {
      const trial = new SessionRecorder({ pingMs: 100 });
      trial.session.received([], 50);
      expect(trial.on((session) => session.tick(299))).toEqual([]);
      expect(trial.on((session) => session.tick(300))).toEqual(['close 4408 nothing heard for 250 ms']);
    });

    it('sends what is ready, closes the link and lets every subscription go', () => {
      const trial = new SessionRecorder();
      trial.reads('a', 1);
      trial.reads('b', 2);
      trial.hears({ t: 'ping', grants: [] });
      expect(trial.on((session) => session.close('going-away', 'bye'))).toEqual([
        'send pong sent=[]',
        'close 1001 bye',
        'unsubscribe a',
        'unsubscribe b',
      ]);
      expect([...trial.session.subscriptions]).toEqual([]);
    });

    it('sends nothing to a link that takes no more', () => {
      const trial = new SessionRecorder();
      trial.writable = false;
      trial.hears({ t: 'ping', grants: [] });
      trial.flush();
      trial.hears({ t: 'ping', grants: [] });
      expect(trial.on((session) => session.close('going-away', 'bye'))).toEqual(['close 1001 bye']);
    });

    it('is final: nothing that comes later does anything', () => {
      const trial = new SessionRecorder({ pingMs: 1 });
      const subscription = trial.reads('s', 1);
      trial.hears({ ...subscribe, stream: 'late' });
      expect(trial.on((session) => session.closed())).toEqual(['unsubscribe s']);
      const later = trial.on((session) => {
        session.received([{ t: 'ping', grants: [] }], 0);
        expect(session.subscribed('late', 2, 0)).toBeUndefined();
        session.resend(packParcel(1, 0, [encodedText('a')]));
        session.ended(subscription, { status: 'completed' });
        session.drained();
        session.flush();
        session.tick(1000);
        session.close('normal', '');
        session.closed();
      });
      expect(later).toEqual([]);
    });
  });
});
