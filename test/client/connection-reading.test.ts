import { describe, expect, it } from 'vitest';
import { Reading } from '../../src/client/reading.js';
import type { ServerFrame } from '../../src/protocol/index.js';
import { textBodies } from '../bodies.js';
import { ConnectionRecorder, ReadingRecorder } from './recorder.js';

const data = (seq: number, ...datas: string[]): ServerFrame => ({
  t: 'data',
  ch: 1,
  seq,
  chunks: textBodies(...datas),
});
const subscribed = (seq: number, ch = 1, stream = 's'): ServerFrame => ({ t: 'subscribed', stream, ch, seq });
const refused = (code: 'stream-not-found' | 'internal' | 'frame-unexpected', about: object): ServerFrame => ({
  t: 'error',
  code,
  message: 'no',
  ...about,
});

/** An open connection on which a stream is read: as it is asked for, or as it is found. */
function reading(...args: ConstructorParameters<typeof ReadingRecorder>) {
  const trial = new ConnectionRecorder();
  trial.opens();
  const reader = new ReadingRecorder(...args);
  trial.connection.read(reader.reading, 0);
  expect(trial.sent()).toHaveLength(1);
  return { trial, reader, connection: trial.connection };
}

function found(...args: ConstructorParameters<typeof ReadingRecorder>) {
  const made = reading(...args);
  made.trial.hears(subscribed(0));
  made.reader.told();
  return made;
}

describe('Connection: reading', () => {
  it('asks for a stream, and hands on what comes of it', () => {
    const { trial, reader } = reading();
    trial.hears(
      subscribed(0),
      data(0, 'a', 'b'),
      { t: 'gap', ch: 1, from: 2, to: 4, reason: 'trimmed' },
      { t: 'pong', sent: [[1, 5]] },
      { t: 'end', ch: 1, seq: 5, status: 'failed', reason: 'broke' },
    );
    expect(reader.told()).toEqual([
      'started 0',
      '0:a',
      '1:b',
      'gap 2-4 trimmed',
      'mark 5',
      'end 5 failed the stream "s" failed: broke',
    ]);
  });

  it('hands on a snapshot before all else, and lets go of a reader that has enough of it', () => {
    const { trial, reader } = reading('s', 'snapshot');
    const answer = { ...subscribed(9), from: 'snapshot', chunks: textBodies('all of it') } as ServerFrame;
    trial.hears(answer, data(9, 'b'), answer);
    expect(reader.told()).toEqual(['started 9', 'snapshot 8:all of it', '9:b']);
    trial.connection.consumed(reader.reading, 1, 9);
    trial.connection.unread(reader.reading, 0);
    expect(trial.sent()).toEqual(['unsubscribe ch=1']);
  });

  it('leaves a stream whose reader wants nothing but the snapshot', () => {
    const trial = new ConnectionRecorder();
    trial.opens();
    const told: string[] = [];
    const reader: Reading = new Reading(
      's',
      'snapshot',
      { chunks: 4, bytes: 100 },
      {
        started: () => {},
        snapshot: ({ data: text }) => {
          told.push(String(text));
          trial.connection.unread(reader, 0);
        },
        chunks: () => told.push('chunks'),
        gap: () => told.push('gap'),
        end: () => told.push('end'),
        mark: () => told.push('mark'),
        failed: () => {},
      },
    );
    trial.connection.read(reader, 0);
    trial.sent();
    trial.hears({ ...subscribed(9), from: 'snapshot', chunks: textBodies('all') } as ServerFrame, data(9, 'b'));
    expect([told, trial.sent()]).toEqual([['all'], ['unsubscribe ch=1']]);
  });

  it('leaves out what belongs to nobody', () => {
    const { trial, reader } = found();
    const other = { ch: 9 };
    const actions = trial.hears(
      { ...data(0, 'a'), ...other } as ServerFrame,
      { t: 'gap', ...other, from: 2, to: 4, reason: 'trimmed' },
      { t: 'end', ...other, seq: 5, status: 'completed' },
      { t: 'pong', sent: [[9, 5]] },
      { t: 'unsubscribed', ...other },
      refused('internal', other),
      refused('internal', { stream: 'other' }),
      refused('internal', {}),
      { t: 'stop', stream: 's' },
    );
    expect(actions).toEqual([]);
    expect(reader.told()).toEqual([]);
    expect(trial.sent()).toEqual([]);
  });

  it('asks again when the answer stays out, and for what was sent behind an answer that was lost', () => {
    const { trial, reader } = reading();
    trial.passes(399);
    expect(trial.sent()).toEqual([]);
    trial.passes(400);
    expect(trial.sent()).toEqual(['subscribe stream=s from=beginning chunks=4 bytes=100']);
    trial.hears(subscribed(0));
    expect(trial.sent()).toEqual(['ping grants=[[1,4,100]]']);
    trial.hears({ t: 'pong', sent: [[1, 3]] });
    expect(reader.told()).toEqual(['started 0', 'mark 3']);
    trial.hears(subscribed(0));
    expect(trial.sent()).toEqual([]);
    expect(reader.told()).toEqual([]);
  });

  it('goes on, on a new connection, behind what was received, with the credit that is left', () => {
    const { trial, reader, connection } = found();
    trial.hears(data(0, 'aa', 'bb', 'cc'));
    for (const next of [1, 2, 3]) reader.reading.received(next, 1, 2);
    connection.consumed(reader.reading, 1, 2);
    connection.ended(1006, '', 0);
    connection.consumed(reader.reading, 1, 2);
    expect(trial.opens()).toEqual(['subscribe stream=s from=3 chunks=3 bytes=98']);
    trial.hears(data(3, 'old channel'), subscribed(3, 2), { ...data(3, 'dd'), ch: 2 } as ServerFrame);
    expect(reader.told()).toEqual(['0:aa', '1:bb', '2:cc', 'started 3', '3:dd']);
  });

  describe('credit', () => {
    it('is granted again when half of a window is consumed, in chunks or in bytes', () => {
      const { trial, reader, connection } = found();
      reader.reading.received(4, 4, 8);
      connection.consumed(reader.reading, 1, 1);
      expect(trial.sent()).toEqual([]);
      connection.consumed(reader.reading, 1, 1);
      expect(trial.sent()).toEqual(['credit ch=1 chunks=6 bytes=102']);
      reader.reading.received(5, 1, 60);
      connection.consumed(reader.reading, 1, 60);
      expect(trial.sent()).toEqual(['credit ch=1 chunks=7 bytes=162']);
    });

    it('is granted with the answer when it was consumed before it', () => {
      const { trial, reader, connection } = found();
      reader.reading.received(4, 4, 8);
      connection.ended(1006, '', 0);
      expect(trial.opens()).toEqual(['subscribe stream=s from=4 chunks=0 bytes=92']);
      for (let i = 0; i < 4; i++) connection.consumed(reader.reading, 1, 2);
      expect(trial.sent()).toEqual([]);
      trial.hears(subscribed(4));
      expect(trial.sent()).toEqual(['credit ch=1 chunks=4 bytes=100']);
    });

    it('is not granted for what a reader consumes that has left', () => {
      const { trial, reader, connection } = found();
      reader.reading.received(4, 4, 8);
      connection.unread(reader.reading, 0);
      connection.consumed(reader.reading, 4, 8);
      expect(trial.sent()).toEqual(['unsubscribe ch=1']);
    });

    it('that leaked into chunks that never come is had back by asking anew', () => {
      const { trial, reader } = found();
      trial.hears(data(0, 'a', 'b', 'c'), { t: 'gap', ch: 1, from: 1, to: 2, reason: 'trimmed' });
      reader.reading.received(3, 2, 2);
      trial.passes(1000);
      expect(trial.sent()).toEqual(['unsubscribe ch=1 | ping grants=[]']);
      trial.hears({ t: 'unsubscribed', ch: 1 });
      expect(trial.sent()).toEqual(['subscribe stream=s from=3 chunks=2 bytes=98']);
      trial.hears(subscribed(3));
      trial.passes(2000);
      expect(trial.sent()).toEqual(['ping grants=[[1,2,98]]']);
    });
  });

  describe('missing', () => {
    it('asks for the ranges that are missing', () => {
      const { trial, reader, connection } = found();
      connection.missing(reader.reading, [
        { from: 0, to: 2 },
        { from: 5, to: 6 },
      ]);
      expect(trial.sent()).toEqual(['nack ch=1 ranges=[[0,2],[5,6]]']);
      connection.missing(reader.reading, []);
      expect(trial.sent()).toEqual([]);
    });

    it('names 64 at most, 16 in a frame: so many fit the smallest message', () => {
      const { trial, reader, connection } = found();
      const ranges = Array.from({ length: 100 }, (_, i) => ({ from: 2 * i + 1e15, to: 2 * i + 1 + 1e15 }));
      connection.missing(reader.reading, ranges);
      const frames = trial.sent().flatMap((message) => message.split(' | '));
      const lists = frames.map((nack) => JSON.parse(nack.slice('nack ch=1 ranges='.length)) as unknown[]);
      expect(lists.map(({ length }) => length)).toEqual([16, 16, 16, 16]);
      expect(Math.max(...frames.map(({ length }) => length))).toBeLessThan(1000);
    });

    it('says nothing while there is no channel, or no connection', () => {
      const { trial, reader, connection } = reading();
      connection.missing(reader.reading, [{ from: 0, to: 2 }]);
      expect(trial.sent()).toEqual([]);
      trial.hears(subscribed(0));
      connection.ended(1006, '', 0);
      connection.missing(reader.reading, [{ from: 0, to: 2 }]);
      expect(trial.opens()).toEqual(['subscribe stream=s from=0 chunks=4 bytes=100']);
    });
  });

  describe('a refusal', () => {
    it.each([
      ['of the request', reading, { stream: 's' }, []],
      ['of what is being read', found, { stream: 's', ch: 1 }, ['unsubscribe ch=1']],
      ['of a channel', found, { ch: 1 }, ['unsubscribe ch=1']],
    ])('%s ends the reading', (_, begin, about, sent) => {
      const { trial, reader, connection } = begin();
      trial.hears(refused('stream-not-found', about));
      expect(reader.told()).toEqual(['failed stream-not-found']);
      expect(connection.reads('s')).toBe(false);
      if (begin === found) expect(trial.sent()).toEqual(sent);
    });

    it('of a request that is not the one in force changes nothing', () => {
      const { trial, reader } = found();
      trial.hears(refused('frame-unexpected', { stream: 's' }), refused('frame-unexpected', { stream: 's', ch: 1 }));
      trial.hears(refused('frame-unexpected', { stream: 'other' }));
      expect(reader.told()).toEqual([]);
      expect(trial.sent()).toEqual([]);
    });
  });
});
