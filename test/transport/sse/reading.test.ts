import { afterEach, describe, expect, it, vi } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { BadFrame, type ServerFrame } from '../../../src/protocol/index.js';
import { writeComment, writeEvent } from '../../../src/format/event-stream.js';
import { Reading } from '../../../src/transport/sse/reading.js';
import { dataEvents, endEvent, snapshotEvent } from '../../../src/transport/sse/write-frame.js';
import { encoded } from './lab.js';

const until = async (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 1 });
const encoder = new TextEncoder();

/** A response whose body a test writes, and that knows how often it was read. */
class Body {
  reads = 0;
  cancelled = false;
  private parts: (Uint8Array | 'end' | Error)[] = [];
  private wake: (() => void) | undefined;

  readonly stream = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        this.reads++;
        while (this.parts.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
        const part = this.parts.shift()!;
        if (part === 'end') controller.close();
        else if (part instanceof Error) controller.error(part);
        else controller.enqueue(part);
      },
      cancel: () => void (this.cancelled = true),
    },
    { highWaterMark: 0 },
  );

  put(part: Uint8Array | string | Error): void {
    this.parts.push(typeof part === 'string' && part !== 'end' ? encoder.encode(part) : part);
    this.wake?.();
  }
}

const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'sluice-seq': '0' };
const texts = (seq: number, ...data: string[]) => dataEvents({ t: 'data', ch: 1, seq, chunks: data.map(encoded) });
const end = (seq: number) => endEvent({ t: 'end', ch: 1, seq, status: 'completed' });

let reading: Reading;
afterEach(() => reading.stop());

/** A reading that has begun, with what it told. */
function begin(response: (body: Body) => Response | Promise<Response>, credit = 100, bytes = 1000) {
  const frames: (ServerFrame | BadFrame)[] = [];
  const broken: StreamError[] = [];
  const body = new Body();
  let signal!: AbortSignal;
  reading = new Reading('s', 4, 'beginning', {
    frames: (some) => void frames.push(...some),
    broken: (error) => void broken.push(error),
  });
  reading.grant(credit, bytes);
  void reading.run(async (abort) => {
    signal = abort;
    return response(body);
  });
  const summary = () =>
    frames.map((frame) => {
      if (frame instanceof BadFrame) return 'bad';
      return frame.t === 'data' ? `${frame.seq}:${frame.chunks.map(({ data }) => data as string).join('')}` : frame.t;
    });
  return { frames, summary, broken, body, reading, signal: () => signal };
}

const streaming = (body: Body) => new Response(body.stream, { headers });

describe('Reading', () => {
  it('tells the start, and runs of chunks as one frame', async () => {
    const { frames, summary, broken, body } = begin(streaming);
    await until(() => expect(frames).toEqual([{ t: 'subscribed', stream: 's', ch: 4, seq: 0 }]));
    body.put(texts(0, 'a', 'b', 'c'));
    body.put(writeEvent({ event: 'gap', data: '{"from":3,"to":7,"reason":"trimmed"}' }));
    body.put(texts(7, 'd'));
    body.put(end(8));
    body.put('end');
    await until(() => expect(summary()).toEqual(['subscribed', '0:abc', 'gap', '7:d', 'end']));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(broken).toEqual([]);
    expect(reading.next).toBe(8);
  });

  it('begins where the server says', async () => {
    const { frames } = begin((body) => new Response(body.stream, { headers: { ...headers, 'sluice-seq': '42' } }));
    await until(() => expect(frames).toEqual([{ t: 'subscribed', stream: 's', ch: 4, seq: 42 }]));
    expect([reading.subscribed?.seq, reading.next]).toEqual([42, 42]);
  });

  describe('that joins with a snapshot', () => {
    const announced = (body: Body) =>
      new Response(body.stream, { headers: { ...headers, 'sluice-seq': '9', 'sluice-snapshot': '1' } });
    const snapshot = (seq: number) => snapshotEvent(seq, encoded('all so far'));

    it('begins when it is here, and takes no credit for it', async () => {
      const { frames, summary, body, reading: it } = begin(announced, 1);
      await until(() => expect(body.reads).toBeGreaterThan(0));
      expect([frames, it.subscribed]).toEqual([[], undefined]);
      body.put(snapshot(8));
      body.put(texts(9, 'a', 'b'));
      await until(() => expect(summary()).toEqual(['subscribed', '9:a']));
      expect(frames[0]).toMatchObject({ t: 'subscribed', ch: 4, seq: 9, chunks: [{ data: 'all so far' }] });
      expect(it.subscribed?.seq).toBe(9);
    });

    it.each([
      ['a chunk comes before it', texts(9, 'a')],
      ['it is another one', snapshot(7)],
    ])('is broken when %s', async (_, event) => {
      const { broken, body, frames } = begin(announced);
      body.put(event);
      await until(() => expect(broken.map(({ code }) => code)).toEqual(['frame-malformed']));
      expect(frames).toEqual([]);
    });

    it('is broken by one that was not announced', async () => {
      const { broken, body } = begin(streaming);
      body.put(texts(0, 'a'));
      body.put(snapshotEvent(0, encoded('all so far')));
      await until(() => expect(broken.map(({ code }) => code)).toEqual(['frame-malformed']));
    });

    it('may be told of an error instead, or hand up one that cannot be read', async () => {
      const { summary, body } = begin(announced);
      body.put(writeEvent({ event: 'snapshot', data: '{"seq":8,"type":"text"}' }));
      body.put(writeEvent({ event: 'error', data: '{"code":"internal","message":"oops"}' }));
      await until(() => expect(summary()).toEqual(['bad', 'error']));
    });
  });

  it('makes two frames of chunks that do not follow each other', async () => {
    const { summary, body } = begin(streaming);
    body.put(texts(0, 'a', 'b'));
    await until(() => expect(summary()).toHaveLength(2));
    body.put(Buffer.concat([texts(2, 'c'), texts(9, 'd'), texts(10, 'e')]));
    await until(() => expect(summary()).toEqual(['subscribed', '0:ab', '2:c', '9:de']));
  });

  it('hands on no chunk beyond credit, and reads no more while one waits', async () => {
    const { summary, body } = begin(streaming, 2);
    body.put(texts(0, 'a', 'b', 'c', 'd', 'e'));
    body.put(texts(5, 'f'));
    await until(() => expect(summary()).toEqual(['subscribed', '0:ab']));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(body.reads).toBe(1);
    reading.grant(1, 1000);
    reading.grant(4, 1000);
    expect(summary()).toEqual(['subscribed', '0:ab', '2:cd']);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(body.reads).toBe(1);
    reading.grant(6, 1000);
    await until(() => expect(summary()).toEqual(['subscribed', '0:ab', '2:cd', '4:e', '5:f']));
  });

  it('counts bytes as well: the last chunk may go beyond', async () => {
    const { summary, body } = begin(streaming, 100, 5);
    body.put(texts(0, 'aaa', 'bbb', 'ccc'));
    await until(() => expect(summary()).toEqual(['subscribed', '0:aaabbb']));
    reading.grant(100, 6);
    expect(summary()).toHaveLength(2);
    reading.grant(100, 7);
    expect(summary()).toEqual(['subscribed', '0:aaabbb', '2:ccc']);
  });

  it('hands on what is no chunk without credit, in its place', async () => {
    const { summary, body } = begin(streaming, 1);
    body.put(Buffer.concat([texts(0, 'a'), encoder.encode(end(1))]));
    await until(() => expect(summary()).toEqual(['subscribed', '0:a', 'end']));
    const other = begin(streaming, 1);
    other.body.put(Buffer.concat([texts(0, 'a', 'b'), encoder.encode(end(2))]));
    other.body.put('end');
    await until(() => expect(other.summary()).toEqual(['subscribed', '0:a']));
    other.reading.grant(2, 1000);
    expect(other.summary()).toEqual(['subscribed', '0:a', '1:b', 'end']);
  });

  it('hands a bad chunk up and goes on', async () => {
    const { summary, body } = begin(streaming);
    body.put(texts(0, 'a'));
    body.put(writeEvent({ data: '{"seq":1,"type":"text"}' }));
    body.put(texts(2, 'c'));
    await until(() => expect(summary()).toEqual(['subscribed', '0:a', 'bad', '2:c']));
  });

  it('takes an end that cannot be read for none', async () => {
    const { summary, broken, body } = begin(streaming);
    body.put(writeEvent({ event: 'end', data: '{}' }));
    body.put('end');
    await until(() => expect(broken.map(({ code }) => code)).toEqual(['connection-lost']));
    expect(summary()).toEqual(['subscribed', 'bad']);
  });

  it('skips events with other names', async () => {
    const { summary, body } = begin(streaming);
    body.put(writeEvent({ event: 'progress', data: '50 %' }));
    body.put(texts(0, 'a'));
    await until(() => expect(summary()).toEqual(['subscribed', '0:a']));
  });

  describe('is broken', () => {
    it('when the response ends without an end', async () => {
      const { broken, body } = begin(streaming);
      body.put(texts(0, 'a'));
      body.put('end');
      await until(() => expect(broken.map(({ code }) => code)).toEqual(['connection-lost']));
    });

    it('when the connection breaks', async () => {
      const { broken, body } = begin(streaming);
      body.put(new Error('reset'));
      await until(() => expect(broken).toEqual([new StreamError('connection-lost', 'reset')]));
    });

    it('when there is no connection at all', async () => {
      const { broken } = begin(() => {
        throw new TypeError('fetch failed');
      });
      await until(() => expect(broken.map(({ message }) => message)).toEqual(['fetch failed']));
    });

    it('when an event is no JSON', async () => {
      const { broken, body, signal } = begin(streaming);
      body.put(writeEvent({ data: 'no JSON' }));
      await until(() => expect(broken.map(({ code }) => code)).toEqual(['frame-malformed']));
      expect(signal().aborted).toBe(true);
    });

    it.each([
      ['another type', { 'content-type': 'text/html', 'sluice-seq': '0' }],
      ['no number', { 'content-type': 'text/event-stream' }],
      ['a wrong number', { 'content-type': 'text/event-stream', 'sluice-seq': 'x' }],
    ])('when the answer has %s', async (_, others) => {
      const { broken, frames } = begin((body) => new Response(body.stream, { headers: others }));
      await until(() => expect(broken.map(({ code }) => code)).toEqual(['frame-malformed']));
      expect(frames).toEqual([]);
    });

    it.each([
      [500, '<html>'],
      [502, ''],
      [503, '{"code":"connection-lost","message":"restart"}'],
    ])('when the server answers %i %s', async (status, text) => {
      const { broken, frames } = begin(() => new Response(text, { status }));
      await until(() => expect(broken).toEqual([new StreamError('connection-lost', `the server answered ${status}`)]));
      expect(frames).toEqual([]);
    });
  });

  it.each([
    [404, '{"code":"stream-not-found","message":"no such stream"}', 'stream-not-found', 'no such stream'],
    [400, '{"code":"name-invalid","message":"bad","field":"stream"}', 'name-invalid', 'bad'],
    [500, '{"code":"internal","message":"a defect"}', 'internal', 'a defect'],
    [404, 'not JSON', 'stream-not-found', 'the server answered 404'],
    [401, '', 'unauthenticated', 'the server answered 401'],
    [429, '{"code":"made-up"}', 'limit-reached', 'the server answered 429'],
  ])('tells of a refusal with %i %s', async (status, text, code, message) => {
    const { broken, frames } = begin(() => new Response(text, { status }));
    await until(() => expect(frames).toHaveLength(1));
    expect(frames[0]).toMatchObject({ t: 'error', code, message, stream: 's' });
    expect(broken).toEqual([]);
  });

  it('tells of an answer without a body as a refusal', async () => {
    const { frames } = begin(() => new Response(null, { status: 204 }));
    await until(() => expect(frames).toMatchObject([{ t: 'error', code: 'connection-refused' }]));
  });

  it('tells nothing after it was stopped', async () => {
    const { summary, broken, body, signal } = begin(streaming, 1);
    body.put(texts(0, 'a', 'b'));
    await until(() => expect(summary()).toEqual(['subscribed', '0:a']));
    reading.stop();
    reading.grant(10, 1000);
    body.put('end');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(summary()).toEqual(['subscribed', '0:a']);
    expect(broken).toEqual([]);
    expect(signal().aborted).toBe(true);
  });

  describe('a sign of life', () => {
    it('is any byte, a comment too', async () => {
      const { body } = begin(streaming);
      await until(() => expect(body.reads).toBe(1));
      expect(reading.takeSignOfLife()).toBe(true);
      expect(reading.takeSignOfLife()).toBe(false);
      body.put(writeComment('ping'));
      await until(() => expect(body.reads).toBe(2));
      expect(reading.takeSignOfLife()).toBe(true);
      expect(reading.takeSignOfLife()).toBe(false);
    });

    it('is not owed while what came waits for credit, nor at once afterwards', async () => {
      const { summary, body } = begin(streaming, 1);
      body.put(texts(0, 'a', 'b'));
      await until(() => expect(summary()).toHaveLength(2));
      for (let i = 0; i < 3; i++) expect(reading.takeSignOfLife()).toBe(true);
      reading.grant(2, 1000);
      await until(() => expect(body.reads).toBe(2));
      expect(reading.takeSignOfLife()).toBe(true);
      expect(reading.takeSignOfLife()).toBe(false);
    });

    it('is not owed behind the end', async () => {
      const { summary, body } = begin(streaming);
      body.put(end(0));
      await until(() => expect(summary()).toEqual(['subscribed', 'end']));
      for (let i = 0; i < 3; i++) expect(reading.takeSignOfLife()).toBe(true);
    });
  });
});
