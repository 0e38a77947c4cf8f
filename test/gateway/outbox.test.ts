import { describe, expect, it } from 'vitest';
import { SessionRecorder } from './recorder.js';

const subscribe = { t: 'subscribe', stream: 's', from: 'beginning', chunks: 2, bytes: 20 } as const;

describe('Outbox: the link', () => {
  it('gets everything of a turn in one message', () => {
    const trial = new SessionRecorder();
    trial.hears({ t: 'unsubscribe', ch: 1 }, { t: 'ping', grants: [] });
    expect(trial.on((session) => session.flush())).toEqual(['send unsubscribed ch=1 | pong sent=[]']);
    expect(trial.on((session) => session.flush())).toEqual([]);
  });

  it('gets nothing while it takes no more; then all, and readers are served again', () => {
    const trial = new SessionRecorder();
    trial.reads('a', 1);
    trial.session.ended(trial.reads('b', 2), { status: 'completed' });
    trial.writable = false;
    trial.flush();
    expect(trial.session.writable).toBe(false);
    expect(trial.hears({ t: 'ping', grants: [] })).toEqual([]);
    expect(trial.flush()).toEqual([]);
    trial.writable = true;
    expect(trial.on((session) => session.drained())).toEqual(['send pong sent=[]', 'ready a']);
    expect(trial.session.writable).toBe(true);
  });

  it('gets answers while it has no room for chunks, and nothing else', () => {
    const trial = new SessionRecorder();
    trial.room = 9;
    expect(trial.session.takes(10)).toBe(false);
    trial.hears({ t: 'ping', grants: [] });
    expect(trial.session.push('news')).toBe(false);
    expect(trial.flush()).toEqual(['pong sent=[]']);
    expect(trial.session.writable).toBe(false);
    trial.session.drained();
    expect([trial.session.writable, trial.session.push('news'), trial.session.takes(9)]).toEqual([true, true, true]);
  });

  it('is closed with 4410 when its peer asks on without reading the answers', () => {
    const trial = new SessionRecorder();
    trial.reads('s', 1);
    trial.writable = false;
    trial.hears({ t: 'unsubscribe', ch: 9 });
    trial.flush();
    const asks = Array.from({ length: 1024 }, () => ({ t: 'unsubscribe', ch: 9 }) as const);
    expect(trial.hears(...asks)).toEqual([]);
    expect(trial.hears({ t: 'unsubscribe', ch: 9 })).toEqual(['close 4410 the answers are not read', 'unsubscribe s']);
  });

  it('is closed with 4410 when the unread answers are few but long', () => {
    const trial = new SessionRecorder();
    trial.reads('s', 1);
    trial.writable = false;
    trial.hears({ t: 'unsubscribe', ch: 9 });
    trial.flush();
    const ping = {
      t: 'ping',
      grants: Array.from({ length: 4096 }, () => [1, 0, 0] as [number, number, number]),
    } as const;
    trial.hears(...Array.from({ length: 16 }, () => ping));
    expect(trial.session.writable).toBe(false);
    expect(trial.hears(ping)).toContain('close 4410 the answers are not read');
  });

  it('learns within a turn that its answers are not read', () => {
    const trial = new SessionRecorder();
    trial.reads('s', 1);
    trial.writable = false;
    const asks = Array.from({ length: 1025 }, () => ({ t: 'unsubscribe', ch: 9 }) as const);
    trial.hears(...asks);
    expect(trial.session.writable).toBe(false);
    expect(trial.hears(...asks)).toEqual(['close 4410 the answers are not read', 'unsubscribe s']);
  });

  it('is not read for by a subscription whose answer was the one too many', () => {
    const trial = new SessionRecorder();
    trial.writable = false;
    trial.hears({ t: 'unsubscribe', ch: 9 });
    trial.flush();
    const asks = Array.from({ length: 1024 }, () => ({ t: 'unsubscribe', ch: 9 }) as const);
    trial.hears(...asks, subscribe);
    expect(trial.on((session) => expect(session.subscribed('s', 1, 0)).toBeUndefined())).toEqual([
      'close 4410 the answers are not read',
      'unsubscribe s',
    ]);
  });

  it('is closed with 1011 when it throws', () => {
    const trial = new SessionRecorder();
    trial.reads('s', 1);
    trial.hears({ t: 'ping', grants: [] });
    trial.broken = new Error('what link?');
    expect(trial.on((session) => session.flush())).toEqual(['close 1011 the link failed', 'unsubscribe s']);
    const other = new SessionRecorder();
    other.hears({ t: 'ping', grants: [] });
    other.broken = new Error('what link?');
    expect(other.on((session) => session.close('normal', 'bye'))).toEqual(['close 1011 the link failed']);
  });
});
