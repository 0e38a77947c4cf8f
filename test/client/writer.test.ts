import { describe, expect, it } from 'vitest';
import { VirtualTimeScheduler } from 'rxjs';
import { Writer } from '../../src/client/writer.js';
import type { ServerFrame } from '../../src/protocol/index.js';
import { encodedTexts } from '../bodies.js';
import { ConnectionRecorder } from './recorder.js';

const completed = { status: 'completed' } as const;

/** A writer on an open connection, and what came of its promises. */
function stage({ maxQueue = 10, epoch = 0 } = {}) {
  const trial = new ConnectionRecorder();
  trial.opens();
  const writer = new Writer(trial, new VirtualTimeScheduler(), { id: 'me', epoch }, maxQueue);
  const results: string[] = [];
  const publish = (name: string, datas: string[], options: Parameters<Writer['publish']>[2] = {}, streamId = 's') => {
    writer.publish(streamId, encodedTexts(...datas), options).then(
      ({ next }) => results.push(`${name}: ${next}`),
      (error: Error & { code?: string }) => results.push(`${name}: ${error.code ?? error.name}: ${error.message}`),
    );
  };
  const came = async () => {
    for (let hops = 0; hops < 5; hops++) await undefined;
    return results.splice(0);
  };
  const acks = (seq: number, next: number, more: object = {}) =>
    trial.hears({ t: 'ack', stream: 's', producer: 'me', epoch: 0, seq, next, ...more } as ServerFrame);
  const refuses = (code: string, more: object = {}) =>
    trial.hears({ t: 'error', code, message: 'no', stream: 's', producer: 'me', ...more } as ServerFrame);
  return { trial, writer, publish, came, acks, refuses };
}

const frame = (epoch: number, seq: number, chunks: string, more = '', producer = 'me') =>
  `publish stream=s producer=${producer} epoch=${epoch} seq=${seq} chunks=${chunks}${more}`;

describe('Writer', () => {
  it('answers every call when its chunks are kept, in order', async () => {
    const { trial, publish, came, acks } = stage();
    publish('first', ['a', 'b']);
    publish('second', ['c']);
    expect(trial.sent()).toEqual([frame(0, 0, 'a,b,c')]);
    acks(1, 11);
    expect(await came()).toEqual([]);
    acks(2, 12);
    expect(await came()).toEqual(['first: 12']);
    acks(3, 13);
    expect(await came()).toEqual(['second: 13']);
  });

  it('answers several calls with one acknowledgement', async () => {
    const { trial, publish, came, acks } = stage();
    publish('first', ['a']);
    publish('second', ['b']);
    trial.sent();
    acks(2, 2);
    expect(await came()).toEqual(['first: 2', 'second: 2']);
  });

  it('answers a call without chunks, which makes the stream', async () => {
    const { trial, publish, came, acks } = stage();
    publish('empty', []);
    expect(trial.sent()).toEqual([frame(0, 0, '')]);
    acks(0, 5);
    expect(await came()).toEqual(['empty: 5']);
  });

  it('answers a call that ends the stream when it has ended', async () => {
    const { trial, publish, came, acks } = stage();
    publish('end', ['a'], { close: completed });
    expect(trial.sent()).toEqual([frame(0, 0, 'a', ' close={"status":"completed"}')]);
    acks(1, 1);
    expect(await came()).toEqual([]);
    acks(1, 1, { closed: true });
    expect(await came()).toEqual(['end: 1']);
  });

  it('refuses what comes behind the end', async () => {
    const { trial, publish, came, acks } = stage();
    publish('end', [], { close: completed });
    publish('late', ['b']);
    expect(await came()).toEqual(['late: stream-closed: "s" was ended by an earlier call']);
    trial.sent();
    acks(0, 0, { closed: true });
    expect(await came()).toEqual(['end: 0']);
  });

  it('lets the server refuse what comes after the end, in a life of its own', async () => {
    const { trial, publish, came, acks, refuses } = stage();
    publish('end', ['a'], { close: completed });
    trial.sent();
    acks(1, 1, { closed: true });
    publish('later', ['b']);
    expect(trial.sent()).toEqual([frame(1, 0, 'b')]);
    refuses('stream-closed');
    expect(await came()).toEqual(['end: 1', 'later: stream-closed: no']);
  });

  it('fails every call that waits, and begins another life with the next', async () => {
    const { trial, publish, came, acks, refuses } = stage();
    publish('first', ['a']);
    publish('second', ['b']);
    trial.sent();
    acks(1, 1);
    refuses('log-full');
    expect(await came()).toEqual(['first: 1', 'second: log-full: no']);
    publish('third', ['c']);
    // In the same epoch number 0 would pass for what is kept already.
    expect(trial.sent()).toEqual([frame(1, 0, 'c')]);
    acks(1, 2, { epoch: 1 });
    expect(await came()).toEqual(['third: 2']);
  });

  it('writes other streams on with the life they began', async () => {
    const { trial, publish, refuses } = stage();
    publish('other', ['x'], {}, 'other');
    publish('first', ['a']);
    trial.sent();
    refuses('log-full');
    publish('other', ['y'], {}, 'other');
    expect(trial.sent()).toEqual(['publish stream=other producer=me epoch=0 seq=1 chunks=y']);
  });

  it('lets no more wait than it may', async () => {
    const { trial, publish, came, acks } = stage({ maxQueue: 2 });
    publish('too many', ['a', 'b', 'c']);
    publish('two', ['a', 'b']);
    publish('one more', ['c']);
    expect(await came()).toEqual([
      'too many: overflow: publish: more than 2 chunks wait to be kept',
      'one more: overflow: publish: more than 2 chunks wait to be kept',
    ]);
    expect(trial.sent()).toEqual([frame(0, 0, 'a,b')]);
    acks(1, 1);
    publish('now', ['c']);
    expect(trial.sent()).toEqual([frame(0, 2, 'c')]);
  });

  it('begins with the epoch of its client', () => {
    const { trial, publish } = stage({ epoch: 1234 });
    publish('first', ['a']);
    expect(trial.sent()).toEqual([frame(1234, 0, 'a')]);
  });

  it('tells of streams that were cancelled', async () => {
    const { trial, writer, publish, came, refuses } = stage();
    const stopped: unknown[] = [];
    writer.stopped.subscribe((one) => stopped.push(one));
    publish('first', ['a']);
    trial.sent();
    trial.hears({ t: 'stop', stream: 's', reason: 'enough' });
    expect(stopped).toEqual([{ streamId: 's', reason: 'enough' }]);
    refuses('stream-cancelled');
    expect(await came()).toEqual(['first: stream-cancelled: no']);
  });

  describe('for a producer of its own', () => {
    const producer = (seq: number, epoch = 3) => ({ producer: { id: 'p', epoch, seq } });

    it('counts from the number given, and takes no other than the next', async () => {
      const { trial, publish, came } = stage();
      publish('first', ['a', 'b'], producer(7));
      publish('wrong', ['c'], producer(8));
      publish('second', ['c'], producer(9));
      expect(trial.sent()).toEqual([frame(3, 7, 'a,b,c', '', 'p')]);
      expect(await came()).toEqual(['wrong: RangeError: producer.seq must be 9, the number after the last one, got 8']);
    });

    it('ends an earlier life with a later one, and begins none that is over', async () => {
      const { trial, publish, came } = stage();
      publish('first', ['a'], producer(0, 3));
      publish('second', ['b'], producer(0, 4));
      publish('over', ['c'], producer(1, 3));
      expect(trial.sent()).toEqual([frame(4, 0, 'b', '', 'p')]);
      const fenced = 'producer-fenced: stream "s": epoch 3 of "p" is over, 4 is in force';
      expect(await came()).toEqual([`first: ${fenced}`, `over: ${fenced}`]);
    });

    it('leaves the epochs of the client alone', () => {
      const { trial, publish, refuses } = stage();
      publish('first', ['a'], producer(0, 9));
      trial.sent();
      refuses('log-full', { producer: 'p' });
      publish('own', ['b']);
      expect(trial.sent()).toEqual([frame(0, 0, 'b')]);
    });
  });

  it('refuses everything when the client was closed', async () => {
    const { trial, publish, came } = stage();
    publish('waits', ['a']);
    trial.connection.close();
    publish('late', ['b']);
    expect(await came()).toEqual([
      'waits: client-closed: the client was closed',
      'late: client-closed: the client was closed',
    ]);
  });
});
