import { describe, expect, it } from 'vitest';
import type { ServerFrame } from '../../src/protocol/index.js';
import { textBodies } from '../bodies.js';
import { ConnectionRecorder, ReadingRecorder } from './recorder.js';

const subscribed = (seq: number, ch = 1): ServerFrame => ({ t: 'subscribed', stream: 's', ch, seq });
const unsubscribed: ServerFrame = { t: 'unsubscribed', ch: 1 };
const data: ServerFrame = { t: 'data', ch: 1, seq: 0, chunks: textBodies('a') };

/** An open connection with a first reader and one that comes after it, for another position. */
function stage() {
  const trial = new ConnectionRecorder();
  trial.opens();
  const first = new ReadingRecorder('s', 0);
  const second = new ReadingRecorder('s', 7);
  const swap = () => {
    trial.connection.unread(first.reading, trial.now);
    trial.connection.read(second.reading, trial.now);
  };
  return { trial, first, second, swap, connection: trial.connection };
}

const askSecond = 'subscribe stream=s from=7 chunks=4 bytes=100';

describe('Connection: leaving', () => {
  it('says so, and takes nothing more', () => {
    const { trial, first, connection } = stage();
    connection.read(first.reading, 0);
    trial.hears(subscribed(0));
    trial.sent();
    first.told();
    connection.unread(first.reading, 0);
    connection.unread(first.reading, 0);
    expect(trial.sent()).toEqual(['unsubscribe ch=1']);
    expect(connection.unused).toBe(true);
    trial.hears(data, unsubscribed, unsubscribed);
    expect(first.told()).toEqual([]);
    expect(trial.sent()).toEqual([]);
  });

  it('takes back a request that has not been sent', () => {
    const { trial, first, swap, connection } = stage();
    connection.read(first.reading, 0);
    swap();
    expect(trial.sent()).toEqual([askSecond]);
    trial.hears(subscribed(7));
    expect(trial.sent()).toEqual([]);
  });

  it('is done with the connection', () => {
    const { trial, first, swap, connection } = stage();
    connection.read(first.reading, 0);
    trial.hears(subscribed(0));
    swap();
    expect(trial.sent()).toHaveLength(1);
    connection.ended(1006, '', 0);
    expect(trial.opens()).toEqual([askSecond]);
  });

  it('needs no word when there is no connection', () => {
    const { trial, first, swap, connection } = stage();
    connection.read(first.reading, 0);
    trial.hears(subscribed(0));
    connection.ended(1006, '', 0);
    swap();
    expect(trial.opens()).toEqual([askSecond]);
  });

  it('is confirmed before the stream is asked for anew: answers could not be told apart', () => {
    const { trial, first, second, swap, connection } = stage();
    connection.read(first.reading, 0);
    trial.hears(subscribed(0));
    trial.sent();
    swap();
    expect(trial.sent()).toEqual(['unsubscribe ch=1']);
    trial.hears(data);
    trial.hears(unsubscribed);
    expect(trial.sent()).toEqual([askSecond]);
    trial.hears(subscribed(7));
    expect(second.told()).toEqual(['started 7']);
  });

  it('asks for nothing when nobody is left to wait for the confirmation', () => {
    const { trial, first, second, swap, connection } = stage();
    connection.read(first.reading, 0);
    trial.hears(subscribed(0));
    swap();
    connection.unread(second.reading, 0);
    trial.sent();
    trial.hears(unsubscribed);
    expect(trial.sent()).toEqual([]);
  });

  it('waits for the answer to a request that is under way, to learn what to leave', () => {
    const { trial, first, second, swap, connection } = stage();
    connection.read(first.reading, 0);
    trial.sent();
    swap();
    expect(trial.sent()).toEqual([]);
    trial.hears(subscribed(0), data);
    expect(trial.sent()).toEqual(['unsubscribe ch=1']);
    trial.hears(unsubscribed);
    expect(trial.sent()).toEqual([askSecond]);
    expect(second.told()).toEqual([]);
  });

  it('is done when the request under way is refused', () => {
    const { trial, first, second, swap, connection } = stage();
    connection.read(first.reading, 0);
    trial.sent();
    swap();
    const refused = { t: 'error', code: 'stream-not-found', message: 'no', stream: 's' } as const;
    trial.hears(refused);
    expect(trial.sent()).toEqual([askSecond]);
    expect(second.told()).toEqual([]);
    connection.unread(second.reading, 0);
    trial.hears(refused);
    expect(trial.sent()).toEqual([]);
  });

  it('need not be confirmed of a stream that was refused: it may be asked for again at once', () => {
    const { trial, first, second, connection } = stage();
    connection.read(first.reading, 0);
    trial.sent();
    trial.hears({ t: 'error', code: 'stream-not-found', message: 'no', stream: 's' });
    expect(first.told()).toEqual(['failed stream-not-found']);
    connection.read(second.reading, 0);
    expect(trial.sent()).toEqual([askSecond]);
  });

  it('is not disturbed by an error about what is left', () => {
    const { trial, first, second, swap, connection } = stage();
    connection.read(first.reading, 0);
    trial.hears(subscribed(0));
    swap();
    trial.hears({ t: 'error', code: 'internal', message: 'no', stream: 's', ch: 1 });
    expect(second.told()).toEqual([]);
  });

  it('is said again when it is not confirmed in time', () => {
    const { trial, first, connection } = stage();
    connection.read(first.reading, 0);
    trial.hears(subscribed(0));
    trial.sent();
    connection.unread(first.reading, 0);
    trial.sent();
    trial.passes(399);
    expect(trial.sent()).toEqual([]);
    trial.passes(800);
    expect(trial.sent()).toEqual(['unsubscribe ch=1 | unsubscribe ch=1']);
  });

  it('repeats the request that was under way when its answer stays out', () => {
    const { trial, first, connection } = stage();
    connection.read(first.reading, 0);
    const [asked] = trial.sent();
    connection.unread(first.reading, 0);
    trial.passes(400);
    expect(trial.sent()).toEqual([asked]);
    const again = stage();
    again.connection.read(again.first.reading, 0);
    again.trial.sent();
    again.trial.passes(400);
    // Sent once, and about to be sent again: the first is under way.
    again.swap();
    expect(again.trial.sent()).toEqual([]);
    again.trial.hears(subscribed(0));
    expect(again.trial.sent()).toEqual(['unsubscribe ch=1']);
  });

  describe('over links that repeat and reorder', () => {
    it('leaves a stream that the server reads for nobody', () => {
      const { trial } = stage();
      trial.hears(subscribed(0));
      expect(trial.sent()).toEqual(['unsubscribe ch=1']);
    });

    it('does not take an old answer for a new one', () => {
      const { trial, second, connection } = stage();
      connection.read(second.reading, 0);
      trial.sent();
      trial.hears(subscribed(0));
      expect(second.told()).toEqual([]);
      trial.hears(subscribed(7));
      expect(second.told()).toEqual(['started 7']);
    });

    it('leaves what an old request began, and asks again, when the server reads from elsewhere', () => {
      const { trial, second, connection } = stage();
      connection.read(second.reading, 0);
      trial.sent();
      trial.hears({ t: 'error', code: 'frame-unexpected', message: 'no', stream: 's', ch: 1 });
      expect(trial.sent()).toEqual(['unsubscribe ch=1']);
      trial.passes(400);
      expect(trial.sent()).toEqual(['unsubscribe ch=1']);
      trial.hears(unsubscribed);
      expect(trial.sent()).toEqual([askSecond]);
      expect(second.told()).toEqual([]);
    });

    it('does so, too, when the old request is not answered yet', () => {
      const { trial, second, connection } = stage();
      connection.read(second.reading, 0);
      trial.sent();
      trial.hears({ t: 'error', code: 'frame-unexpected', message: 'no', stream: 's' });
      expect(trial.sent()).toEqual([]);
      trial.hears(subscribed(0));
      expect(trial.sent()).toEqual(['unsubscribe ch=1']);
      trial.hears(unsubscribed);
      expect(trial.sent()).toEqual([askSecond]);
    });

    it('leaves it also when nobody reads the stream any more', () => {
      const { trial } = stage();
      trial.hears({ t: 'error', code: 'frame-unexpected', message: 'no', stream: 's', ch: 1 });
      expect(trial.sent()).toEqual(['unsubscribe ch=1']);
    });

    it('asks again for a stream that a late word has left', () => {
      const { trial, first, connection } = stage();
      connection.read(first.reading, 0);
      trial.hears(subscribed(0), data);
      first.reading.received(1, 1, 1);
      trial.sent();
      trial.hears(unsubscribed);
      expect(trial.sent()).toEqual(['subscribe stream=s from=1 chunks=3 bytes=99']);
      trial.hears(subscribed(1, 2));
      expect(trial.sent()).toEqual(['ping grants=[[2,3,99]]']);
    });
  });
});
