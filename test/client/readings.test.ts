import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { Readings } from '../../src/client/readings.js';
import { frameWords } from '../frame-words.js';
import { ReadingRecorder } from './recorder.js';

/** One reading, asked for; what there is to say, and how often it was said that there is. */
function asked() {
  let dirty = 0;
  const readings = new Readings(() => dirty++);
  const reader = new ReadingRecorder();
  readings.add(reader.reading);
  readings.ask(reader.reading, 0);
  return { readings, reader, says: () => readings.take().map(frameWords), dirty: () => dirty };
}
const subscribed = (ch = 1) => ({ t: 'subscribed', stream: 's', ch, seq: 0 }) as const;
const subscribe = 'subscribe stream=s from=beginning chunks=4 bytes=100';
const again = 'subscribe stream=s from=0 chunks=4 bytes=100';

describe('Readings', () => {
  it('are asked for once, until that is over', () => {
    const { readings, reader, says, dirty } = asked();
    readings.ask(reader.reading, 0);
    expect([says(), dirty()]).toEqual([[subscribe], 1]);
    expect(says()).toEqual([]);
    expect([readings.has('s'), readings.has('t'), readings.empty]).toEqual([true, false, false]);
  });

  it('go on only once it is confirmed that the server has let go of them', () => {
    const { readings, reader, says } = asked();
    readings.obey(subscribed(), 0);
    says();
    readings.restart(reader.reading, 0);
    readings.restart(reader.reading, 0);
    expect(says()).toEqual(['unsubscribe ch=1']);
    readings.obey({ t: 'data', ch: 1, seq: 5, chunks: [] }, 0);
    readings.obey({ t: 'unsubscribed', ch: 1 }, 0);
    expect(says()).toEqual([again]);
    expect(reader.told()).toEqual(['started 0']);
  });

  it('take one answer to a request', () => {
    const { readings, reader, says } = asked();
    readings.obey(subscribed(1), 0);
    readings.obey(subscribed(2), 0);
    says();
    expect(reader.told()).toEqual(['started 0']);
    expect(reader.reading.ch).toBe(1);
  });

  it('repeat what is not answered, and nothing else', () => {
    const { readings, reader, says } = asked();
    says();
    readings.retry(-1, 5);
    expect(says()).toEqual([]);
    readings.retry(0, 5);
    expect(says()).toEqual([subscribe]);
    readings.obey(subscribed(), 6);
    says();
    readings.retry(100, 100);
    expect(says()).toEqual([]);
    readings.remove(reader.reading, 100);
    says();
    readings.retry(100, 200);
    expect(says()).toEqual(['unsubscribe ch=1']);
  });

  it('tell the server in one frame what 16 of them may get', () => {
    const readings = new Readings(() => {});
    for (let ch = 0; ch < 20; ch++) {
      const { reading } = new ReadingRecorder(`${ch}`);
      readings.add(reading);
      readings.ask(reading, 0);
      readings.obey({ t: 'subscribed', stream: `${ch}`, ch, seq: 0 }, 0);
    }
    readings.take();
    readings.ping(0);
    const grants = readings.take().map((frame) => (frame.t === 'ping' ? frame.grants.length : frame.t));
    expect(grants).toEqual([16, 4]);
  });

  it('are asked for anew on the next link, behind what ends a stream', () => {
    const { readings, says } = asked();
    readings.send({ t: 'cancel', stream: 't' });
    readings.lost();
    readings.resume(0);
    expect(says()).toEqual(['cancel stream=t', subscribe]);
  });

  it('fail together, or where a chunk cannot be read', () => {
    const { readings, reader } = asked();
    const error = new StreamError('chunk-invalid', 'no');
    readings.obey(subscribed(), 0);
    expect([readings.spoiled(2, error, 0), readings.spoiled(undefined, error, 0)]).toEqual([false, false]);
    expect(readings.spoiled(1, error, 0)).toBe(true);
    expect(readings.empty).toBe(true);
    readings.add(reader.reading);
    readings.fail(new StreamError('client-closed', 'over'));
    expect(reader.told()).toEqual(['started 0', 'failed chunk-invalid', 'failed client-closed']);
    expect(readings.empty).toBe(true);
  });
});
