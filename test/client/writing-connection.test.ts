import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/chunk/index.js';
import type { ServerFrame } from '../../src/protocol/index.js';
import { encodedText, encodedTexts } from '../bodies.js';
import { ConnectionRecorder, welcome, WritingRecorder } from './recorder.js';

const ack = (seq: number, more: { epoch?: number; closed?: true } = {}): ServerFrame => ({
  t: 'ack',
  stream: 's',
  producer: 'p',
  epoch: 0,
  seq,
  next: 10 + seq,
  ...more,
});
const refused = (code: ErrorCode, expected?: number, epoch?: number): ServerFrame => ({
  t: 'error',
  code,
  message: 'no',
  stream: 's',
  producer: 'p',
  ...(expected === undefined ? {} : { expected }),
  ...(epoch === undefined ? {} : { epoch }),
});
const publish = (seq: number, chunks: string, tail = '') =>
  `publish stream=s producer=p epoch=0 seq=${seq} chunks=${chunks}${tail}`;

/** An open connection on which a stream is written to. The server's window holds 4 chunks and 100 bytes. */
function stage(greeting = welcome) {
  const trial = new ConnectionRecorder();
  trial.opens(greeting);
  const writer = new WritingRecorder();
  const { connection } = trial;
  connection.write(writer.writing, 0);
  const push = (...datas: string[]) => {
    writer.writing.push(encodedTexts(...datas), undefined);
    connection.wrote();
  };
  return { trial, writer, connection, push };
}

describe('WritingConnection', () => {
  it('sends what is pushed, all of a turn in one frame, and tells what is kept', () => {
    const { trial, writer, push } = stage();
    push('a');
    push('b', 'c');
    expect(trial.sent()).toEqual([publish(0, 'a,b,c')]);
    trial.hears(ack(2), ack(3));
    expect(writer.told()).toEqual(['acked 2 12', 'acked 3 13']);
  });

  it('keeps to the window of the server, and goes on as it acknowledges', () => {
    const { trial, push } = stage();
    push('a', 'b', 'c', 'd', 'e', 'f');
    expect(trial.sent()).toEqual([publish(0, 'a,b,c,d')]);
    trial.hears(ack(1));
    expect(trial.sent()).toEqual([publish(4, 'e')]);
    trial.hears(ack(1));
    expect(trial.sent()).toEqual([]);
  });

  it('fills messages up to the size the server takes, and no further', () => {
    const { trial, push } = stage({ ...welcome, maxFrame: 1024, window: { chunks: 100, bytes: 100_000 } });
    push(...Array.from({ length: 30 }, (_, i) => 'x'.repeat(60 + i)));
    const messages = trial.sent();
    expect(messages.length).toBeGreaterThan(3);
    expect(messages.join(' ').match(/x+/g)).toHaveLength(30);
  });

  it('fails a chunk that no message can hold, and what is behind it', () => {
    const { trial, writer, connection, push } = stage({ ...welcome, maxFrame: 1024 });
    push('a', 'x'.repeat(1000));
    expect(trial.sent()).toEqual([publish(0, 'a')]);
    expect(writer.told()).toEqual([]);
    trial.hears(ack(1));
    expect(trial.sent()).toEqual([]);
    const [, failed] = writer.told();
    expect(failed).toMatch(/^failed chunk-too-large: chunk 1 for "s" takes \d+ bytes and a message at most 1024$/);
    expect(connection.unused).toBe(true);
  });

  it('sends again, on a new connection, what is not acknowledged', () => {
    const { trial, push, connection } = stage();
    push('a', 'b', 'c');
    trial.sent();
    trial.hears(ack(1));
    connection.ended(1006, '', 0);
    push('d');
    expect(trial.opens()).toEqual([publish(1, 'b,c,d')]);
  });

  it('sends again what is not acknowledged in time, and what was acknowledged not', () => {
    const { trial, push } = stage();
    push('a', 'b');
    trial.sent();
    trial.passes(399);
    expect(trial.sent()).toEqual([]);
    trial.hears(ack(1));
    trial.passes(600);
    expect(trial.sent()).toEqual([]);
    trial.passes(800);
    expect(trial.sent()).toEqual([publish(1, 'b')]);
  });

  it('leaves out what belongs to nobody: another producer, an earlier life', () => {
    const { trial, writer, push } = stage();
    push('a');
    trial.sent();
    trial.hears(
      ack(1, { epoch: 7 }),
      { ...ack(1), producer: 'q' } as ServerFrame,
      { ...refused('log-full'), producer: 'q' } as ServerFrame,
    );
    trial.hears({ ...ack(1), stream: 'other' } as ServerFrame, { t: 'stop', stream: 'other' });
    trial.hears({ t: 'error', code: 'log-full', message: 'no', producer: 'p' });
    expect(writer.told()).toEqual([]);
  });

  it('tells that the stream was cancelled, and goes on until it is refused', () => {
    const { trial, writer, push } = stage();
    push('a');
    trial.sent();
    trial.hears({ t: 'stop', stream: 's', reason: 'enough' }, { t: 'stop', stream: 's' });
    expect(writer.told()).toEqual(['stopped enough', 'stopped undefined']);
    trial.hears(refused('stream-cancelled'));
    expect(writer.told()).toEqual(['failed stream-cancelled: no']);
  });

  it.each(['stream-closed', 'stream-cancelled', 'chunk-invalid', 'log-full', 'limit-reached', 'internal'] as const)(
    'ends with %s',
    (code) => {
      const { trial, writer, connection, push } = stage();
      push('a');
      trial.sent();
      trial.hears(refused(code));
      expect(writer.told()).toEqual([`failed ${code}: no`]);
      expect(connection.unused).toBe(true);
      trial.hears(ack(1));
      expect(writer.told()).toEqual([]);
    },
  );

  it('waits when the server is behind with keeping, and sends again in time', () => {
    const { trial, writer, push } = stage();
    push('a');
    trial.sent();
    trial.hears(refused('overflow'));
    expect(writer.told()).toEqual([]);
    trial.passes(400);
    expect(trial.sent()).toEqual([publish(0, 'a')]);
  });

  it('waits as long as the server says when it writes too much, and sends again from there', () => {
    const { trial, writer, push } = stage();
    push('a');
    trial.sent();
    push('b');
    trial.sent();
    trial.hears({ ...refused('rate-limited'), retryAfterMs: 900 } as ServerFrame, refused('sequence-gap', 0));
    expect(trial.sent()).toEqual([]);
    push('c');
    trial.passes(899);
    expect(trial.sent()).toEqual([]);
    trial.passes(1100);
    expect(trial.sent().join(' | ')).toContain(publish(0, 'a,b,c'));
    trial.hears(refused('rate-limited'));
    trial.passes(1100 + 399);
    expect(trial.sent().filter((words) => words.includes('publish'))).toEqual([]);
    expect(writer.told()).toEqual([]);
  });

  describe('after a missing frame', () => {
    it('goes back to what is kept, once for all the frames behind it', () => {
      const { trial, writer, push } = stage();
      for (const data of ['a', 'b', 'c']) {
        push(data);
        trial.sent();
      }
      trial.hears(refused('sequence-gap', 0));
      expect(trial.sent()).toEqual([publish(0, 'a,b,c')]);
      trial.hears(refused('sequence-gap', 0));
      expect(trial.sent()).toEqual([]);
      trial.hears(ack(1));
      push('d');
      trial.sent();
      trial.hears(refused('sequence-gap', 1));
      expect(trial.sent()).toEqual([publish(1, 'b,c,d')]);
      expect(writer.told()).toEqual(['acked 1 11']);
    });

    it('goes back also where it is not told to which number', () => {
      const { trial, push } = stage();
      push('a');
      trial.sent();
      trial.hears(refused('sequence-gap'));
      expect(trial.sent()).toEqual([publish(0, 'a')]);
    });

    it('goes back again when the answer to that stays out as well', () => {
      const { trial, push } = stage();
      push('a');
      trial.sent();
      trial.hears(refused('sequence-gap', 0));
      trial.sent();
      trial.passes(400);
      expect(trial.sent()).toEqual([publish(0, 'a')]);
      trial.hears(refused('sequence-gap', 0));
      expect(trial.sent()).toEqual([publish(0, 'a')]);
    });

    it('does not mind an old word that comes late', () => {
      const { trial, writer, push } = stage();
      push('a', 'b');
      trial.sent();
      trial.hears(ack(1), refused('sequence-gap', 0));
      expect(trial.sent()).toEqual([]);
      expect(writer.told()).toEqual(['acked 1 11']);
      trial.hears(ack(2));
      expect(writer.told()).toEqual(['acked 2 12']);
    });

    it('fails when a server that came back has lost what it had acknowledged', () => {
      const { trial, writer, connection, push } = stage();
      push('a', 'b');
      trial.sent();
      trial.hears(ack(1));
      connection.ended(1001, '', 0);
      expect(trial.opens()).toEqual([publish(1, 'b')]);
      trial.hears(refused('sequence-gap', 0));
      expect(writer.told()).toEqual(['acked 1 11', 'failed sequence-gap: no']);
    });

    it('fails when the server has lost it on the same connection, and says so twice', () => {
      const { trial, writer, push } = stage();
      push('a', 'b');
      trial.sent();
      trial.hears(ack(1), refused('sequence-gap', 0));
      trial.passes(800);
      expect(trial.sent()).toEqual([publish(1, 'b')]);
      trial.hears(refused('sequence-gap', 0));
      expect(writer.told()).toEqual(['acked 1 11', 'failed sequence-gap: no']);
    });
  });

  describe('lives of a producer', () => {
    it('end with the next one', () => {
      const { trial, writer, connection, push } = stage();
      push('a');
      const second = new WritingRecorder('s', 'p', 1);
      connection.write(second.writing, 0);
      second.writing.push([encodedText('b')], undefined);
      expect(writer.told()).toEqual(['failed producer-fenced: stream "s": epoch 0 of "p" is over, 1 is in force']);
      expect(trial.sent()).toEqual(['publish stream=s producer=p epoch=1 seq=0 chunks=b']);
      connection.unwrite(writer.writing);
      expect(connection.unused).toBe(false);
      connection.unwrite(second.writing);
      expect(connection.unused).toBe(true);
    });

    it('do not begin while a later one writes', () => {
      const { connection } = stage();
      connection.write(new WritingRecorder('s', 'p', 2).writing, 0);
      const late = new WritingRecorder('s', 'p', 1);
      connection.write(late.writing, 0);
      expect(late.told()).toEqual(['failed producer-fenced: stream "s": epoch 1 of "p" is over, 2 is in force']);
    });

    it('are refused by the server, unless it speaks of another life', () => {
      const { trial, writer, push } = stage();
      push('a');
      trial.sent();
      for (const code of ['producer-fenced', 'sequence-gap', 'stream-closed'] as const) {
        trial.hears(refused(code, 0, 1));
      }
      expect([writer.told(), trial.sent()]).toEqual([[], []]);
      trial.hears(refused('producer-fenced', 3));
      expect(writer.told()).toEqual(['failed producer-fenced: no']);
    });
  });

  it('sends nothing behind a goodbye, and all that is not acknowledged over the next link', () => {
    const { trial, writer, push } = stage();
    push('a');
    trial.sent();
    trial.hears({ t: 'goodbye', retryMs: 600 });
    push('b');
    expect(trial.sent()).toEqual([]);
    trial.hears(ack(1));
    expect(writer.told()).toEqual(['acked 1 11']);
    trial.on((connection) => connection.ended(1001, 'restart', 0));
    expect(trial.opens()).toEqual([publish(1, 'b')]);
  });
});
