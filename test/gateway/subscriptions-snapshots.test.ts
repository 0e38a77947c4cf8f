import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { encodedText } from '../bodies.js';
import { SessionRecorder } from './recorder.js';

const subscribe = (stream = 's') => ({ t: 'subscribe', stream, from: 'snapshot', chunks: 4, bytes: 100 }) as const;
const snapshot = encodedText('all so far');
const large = encodedText('x'.repeat(1 << 20));

/** A session whose link takes no more. */
function stuck() {
  const trial = new SessionRecorder();
  trial.writable = false;
  trial.hears({ t: 'unsubscribe', ch: 9 });
  trial.flush();
  return trial;
}

describe('Subscriptions: snapshots', () => {
  it('answers with the snapshot, and again until the reader has shown that it has it', () => {
    const trial = new SessionRecorder();
    expect(trial.hears(subscribe())).toEqual(['subscribe s snapshot']);
    trial.on((session) => session.subscribed('s', 1, 9, snapshot));
    const answer = 'subscribed stream=s from=snapshot ch=1 seq=9';
    expect(trial.flush()).toEqual([`${answer} chunks=all so far`]);
    trial.hears(subscribe());
    expect(trial.flush()).toEqual([`${answer} chunks=all so far`]);
    trial.hears({ t: 'ping', grants: [[1, 4, 100]] });
    trial.flush();
    trial.hears(subscribe());
    expect(trial.flush()).toEqual([answer]);
  });

  it('answers without one where there is none', () => {
    const trial = new SessionRecorder();
    trial.hears(subscribe());
    trial.on((session) => session.subscribed('s', 1, 0));
    expect(trial.flush()).toEqual(['subscribed stream=s from=snapshot ch=1 seq=0']);
  });

  it('takes no credit for it', () => {
    const trial = new SessionRecorder();
    trial.hears(subscribe());
    const subscription = trial.session.subscribed('s', 1, 9, large)!;
    expect([subscription.next, subscription.chunkCredit]).toEqual([9, 4]);
  });

  it('holds none for a link that takes no more, and has it looked up again when it does', () => {
    const trial = stuck();
    trial.hears(subscribe());
    expect(trial.on((session) => expect(session.subscribed('s', 1, 9, snapshot)).toBeUndefined())).toEqual([]);
    trial.writable = true;
    expect(trial.on((session) => session.drained())).toEqual(['subscribe s snapshot']);
    expect(trial.session.subscribed('s', 1, 12, snapshot)).toBeDefined();
    expect(trial.flush()).toEqual(['subscribed stream=s from=snapshot ch=1 seq=12 chunks=all so far']);
    expect(trial.on((session) => session.drained())).toEqual(['ready s']);
  });

  it('puts no more of them into a turn than it may hold, and goes on in the next', () => {
    const trial = new SessionRecorder();
    trial.hears(subscribe('a'), subscribe('b'));
    trial.on((session) => {
      expect(session.subscribed('a', 1, 9, large)).toBeDefined();
      expect(session.subscribed('b', 2, 9, large)).toBeUndefined();
    });
    expect(trial.on((session) => session.flush()).at(-1)).toBe('subscribe b snapshot');
    trial.on((session) => session.subscribed('b', 2, 9, large));
    trial.hears(subscribe('a'), subscribe('b'));
    expect(trial.flush()).toHaveLength(1);
  });

  it('looks up one for which there is no room once, when the link says that there may be, and not before', () => {
    const trial = new SessionRecorder();
    trial.room = 0;
    trial.find = (stream) => trial.session.subscribed(stream, stream === 'a' ? 1 : 2, 9, snapshot);
    expect(trial.hears(subscribe('a'), subscribe('b'))).toEqual(['subscribe a snapshot', 'subscribe b snapshot']);
    expect(trial.on((session) => session.drained())).toEqual(['subscribe a snapshot']);
    trial.hears({ t: 'unsubscribe', ch: 9 });
    expect(trial.on((session) => session.flush())).toEqual(['send unsubscribed ch=9']);
    trial.room = Infinity;
    expect(trial.on((session) => session.drained())).toEqual([
      'subscribe b snapshot',
      'dirty',
      'subscribe a snapshot',
      'ready b',
      'ready a',
    ]);
    expect(trial.flush()).toEqual([
      'subscribed stream=b from=snapshot ch=2 seq=9 chunks=all so far',
      'subscribed stream=a from=snapshot ch=1 seq=9 chunks=all so far',
    ]);
  });

  it('looks up a few at a time of those that had to wait', () => {
    const trial = stuck();
    const names = Array.from({ length: 40 }, (_, i) => `s${i}`);
    trial.hears(...names.map(subscribe));
    trial.on((session) => names.forEach((name, ch) => session.subscribed(name, ch, 9, snapshot)));
    trial.writable = true;
    expect(trial.on((session) => session.drained())).toHaveLength(16);
    for (const [ch, name] of names.slice(0, 16).entries()) trial.session.subscribed(name, ch, 9, snapshot);
    const next = trial.on((session) => session.flush()).filter((words) => words.startsWith('subscribe '));
    expect(next).toEqual(names.slice(16, 32).map((name) => `subscribe ${name} snapshot`));
  });

  it('forgets one that had to wait when its stream cannot be read any more, or the link has ended', () => {
    const trial = stuck();
    trial.hears(subscribe());
    trial.on((session) => session.subscribed('s', 1, 9, snapshot));
    trial.session.subscribeRefused('s', new StreamError('stream-not-found', 'gone'));
    trial.writable = true;
    expect(trial.on((session) => session.drained())).not.toContain('subscribe s snapshot');
    const other = stuck();
    other.hears(subscribe());
    other.on((session) => session.subscribed('s', 1, 9, snapshot));
    other.session.closed();
    expect(other.on((session) => session.drained())).toEqual([]);
  });
});
