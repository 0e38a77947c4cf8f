import { describe, expect, it, vi } from 'vitest';
import { createGateway } from '../../src/gateway/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import type { PublishFrame } from '../../src/protocol/index.js';
import { createStreams } from '../../src/streams/index.js';
import { textBodies } from '../bodies.js';
import { GatewayStage, logKinds, TestLink } from './stage.js';

const publish = (seq: number, datas: string[], more: Partial<PublishFrame> = {}): PublishFrame => ({
  t: 'publish',
  stream: 's',
  producer: 'p',
  epoch: 0,
  seq,
  chunks: textBodies(...datas),
  ...more,
});

describe.each(logKinds)('createGateway over a %s', (kind) => {
  describe('writing', () => {
    it('creates the stream, keeps chunks in order and acknowledges them', async () => {
      const stage = new GatewayStage(kind);
      const [writer, reader] = [stage.connect(), stage.connect()];
      writer.say(publish(0, ['a', 'b']), publish(2, ['c'], { close: { status: 'completed', reason: 'all said' } }));
      await stage.settle();
      // A log that answers late is asked for the second before it has made the stream for the first.
      if (stage.late !== undefined) {
        writer.words();
        writer.say(publish(0, ['a', 'b']), publish(2, ['c'], { close: { status: 'completed', reason: 'all said' } }));
        await stage.settle();
      }
      expect(writer.words()).toEqual(
        [
          'ack stream=s producer=p epoch=0 seq=2 next=3',
          'ack stream=s producer=p epoch=0 seq=3 next=3 closed=true',
        ].map((words, i) => (i === 0 && stage.late === undefined ? words.replace('next=3', 'next=2') : words)),
      );
      reader.subscribe('s');
      await stage.settle();
      expect(reader.words()).toEqual([
        'subscribed stream=s from=beginning ch=0 seq=0',
        'data ch=0 seq=0 chunks=a,b,c',
        'end ch=0 seq=3 status=completed reason=all said',
      ]);
    });

    it('keeps once what is sent twice, and acknowledges it twice', async () => {
      const stage = new GatewayStage(kind);
      stage.keep('s');
      const link = stage.connect();
      link.say(publish(0, ['a']), publish(0, ['a']), publish(0, ['a', 'b']));
      await stage.settle();
      expect(link.words()).toEqual([
        'ack stream=s producer=p epoch=0 seq=1 next=1',
        'ack stream=s producer=p epoch=0 seq=1 next=1',
        'ack stream=s producer=p epoch=0 seq=2 next=2',
      ]);
      expect(stage.kept.info('s')!.next).toBe(2);
    });

    it.each([
      ['a frame too early', publish(5, ['x']), 'sequence-gap', 'expected=1'],
      ['an old life', publish(1, ['x'], { epoch: 0, producer: 'q' }), 'producer-fenced', 'expected=3'],
    ])('refuses %s', async (_, frame, code, tail) => {
      const stage = new GatewayStage(kind);
      stage.keep('s');
      const link = stage.connect();
      link.say(publish(0, ['a']), publish(0, ['b'], { producer: 'q', epoch: 3 }));
      await stage.settle();
      link.words();
      link.say(frame);
      await stage.settle();
      const [words = ''] = link.words();
      expect(words).toMatch(new RegExp(`^error code=${code} .* stream=s producer=${frame.producer} epoch=0 ${tail}$`));
      expect(stage.kept.info('s')!.next).toBe(2);
    });

    it('refuses more for a stream that has ended', async () => {
      const stage = new GatewayStage(kind);
      stage.keep('s');
      stage.end('s');
      const link = stage.connect();
      link.say(publish(0, ['a']));
      await stage.settle();
      expect(link.words().join()).toMatch(/^error code=stream-closed .* stream=s producer=p epoch=0$/);
    });
  });

  describe('cancellation', () => {
    it('ends the stream for its readers and stops its writers, whoever asks', async () => {
      const stage = new GatewayStage(kind);
      const [writer, reader, other] = [stage.connect(), stage.connect(), stage.connect()];
      writer.say(publish(0, ['a']));
      await stage.settle();
      reader.subscribe('s');
      await stage.settle();
      for (const link of [writer, reader]) link.words();
      other.say({ t: 'cancel', stream: 's', reason: 'enough' });
      await stage.settle();
      other.say({ t: 'cancel', stream: 's' });
      await stage.settle();
      expect(writer.words()).toEqual(['stop stream=s reason=enough']);
      expect(reader.words()).toEqual(['end ch=0 seq=1 status=cancelled reason=enough']);
      expect(other.words()).toEqual([]);
      writer.say(publish(1, ['b']));
      await stage.settle();
      expect(writer.words().join()).toMatch(/^error code=stream-cancelled .* stream=s producer=p epoch=0$/);
    });

    it('of a stream that is not there is refused', async () => {
      const stage = new GatewayStage(kind);
      const link = stage.connect();
      link.say({ t: 'cancel', stream: 'nobody' });
      await stage.settle();
      expect(link.words()).toEqual(['error code=stream-not-found message=there is no stream "nobody" stream=nobody']);
    });
  });

  it('refuses to read a stream that is not there', async () => {
    const stage = new GatewayStage(kind);
    const link = stage.connect();
    link.subscribe('nobody');
    await stage.settle();
    expect(link.words()).toEqual(['error code=stream-not-found message=there is no stream "nobody" stream=nobody']);
  });

  it('forgets a stream it looked for on a connection that has gone meanwhile', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a');
    const link = stage.connect();
    link.subscribe('s');
    link.events.closed(1006, 'lost');
    await stage.settle();
    expect(link.all('subscribed')).toEqual([]);
    expect(stage.late?.watchers ?? 0).toBe(0);
  });

  it('shows its connections, and where they read', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a', 'b');
    const [peer, gaps] = [
      { transport: 'test', address: '10.0.0.1' },
      { holes: 0, asked: 0, resent: 0, lost: 0 },
    ];
    const link = stage.connect(peer);
    stage.connect();
    link.subscribe('s', 1);
    await stage.settle();
    expect(stage.gateway.connections()).toEqual([
      { session: 'session 0', peer, reading: [{ streamId: 's', next: 2, credit: 999, gaps }] },
      { session: 'session 1', peer: { transport: 'test' }, reading: [] },
    ]);
    link.events.closed(1000, '');
    expect(stage.gateway.connections().map(({ session }) => session)).toEqual(['session 1']);
  });
});

describe('createGateway', () => {
  it('says welcome to everybody', async () => {
    const stage = new GatewayStage();
    const link = stage.connect();
    await stage.settle();
    expect(link.frames).toMatchObject([{ t: 'welcome', protocol: 'sluice.v1', session: 'session 0' }]);
  });

  it('takes so many connections, and one more when another has gone', () => {
    const stage = new GatewayStage(undefined, { maxConnections: 1 });
    const [first, second] = [stage.connect(), stage.connect()];
    expect(first.end).toBeUndefined();
    expect(second.end).toBe('4429 the server takes at most 1 connections');
    second.say({ t: 'ping', grants: [] });
    second.events.drained();
    second.events.closed(4429, '');
    expect(second.frames).toEqual([]);
    first.events.closed(1000, '');
    expect(stage.connect().end).toBeUndefined();
  });

  it('closes silent connections, and looks no more when there are none', () => {
    const stage = new GatewayStage(undefined, { limits: { pingMs: 100 } });
    const [silent, speaks] = [stage.connect(), stage.connect()];
    stage.pass(200);
    speaks.say({ t: 'ping', grants: [] });
    stage.pass(250);
    expect([silent.end, speaks.end]).toEqual(['4408 nothing heard for 250 ms', undefined]);
    silent.events.closed(4408, '');
    stage.pass(450);
    expect(speaks.end).toBe('4408 nothing heard for 250 ms');
    speaks.events.closed(4408, '');
    // Virtual time ends where nothing is planned any more.
    stage.pass(10_000);
    expect(stage.scheduler.now()).toBe(500);
  });

  it('serves the others when a link throws', async () => {
    const stage = new GatewayStage();
    stage.keep('s', 'a');
    const [broken, sound] = [stage.connect(), stage.connect()];
    for (const link of [broken, sound]) link.subscribe('s');
    broken.broken = new Error('what link?');
    await stage.settle();
    expect(broken.end).toBe('1011 the link failed');
    expect(sound.all('data')).toHaveLength(1);
  });

  it('closes with 1011 the one connection on which something of its own goes wrong', async () => {
    const stage = new GatewayStage();
    const [struck, other] = [stage.connect(), stage.connect()];
    const { now } = stage.scheduler;
    stage.scheduler.now = () => {
      throw new Error('a defect');
    };
    struck.say({ t: 'ping', grants: [] });
    stage.scheduler.now = now;
    other.say({ t: 'ping', grants: [] });
    await stage.settle();
    expect([struck.end, other.end]).toEqual(['1011 a defect', undefined]);
    expect(other.words()).toEqual(['pong sent=[]']);
  });

  it('ends every connection when it closes, and takes no more; the streams live on', async () => {
    const stage = new GatewayStage();
    stage.keep('s', 'a');
    const link = stage.connect();
    link.subscribe('s');
    await stage.settle();
    stage.gateway.close();
    expect(link.end).toBe('1001 the server is shutting down');
    expect(stage.connect().end).toBe('1001 the server is shutting down');
    stage.keep('s', 'b');
    await stage.settle();
    expect(link.all('data')).toHaveLength(1);
    expect(stage.kept.info('s')!.next).toBe(2);
    stage.pass(1_000_000);
    expect(stage.scheduler.now()).toBe(0);
  });

  it('needs nothing but streams', async () => {
    const log = createMemoryLog();
    log.create('s');
    const gateway = createGateway({ streams: createStreams({ log }) });
    const link = new TestLink();
    link.events = gateway.accept(link, { transport: 'test' });
    link.subscribe('s');
    await vi.waitFor(() => expect(link.all('subscribed')).toHaveLength(1));
    expect(link.frames[0]).toMatchObject({ t: 'welcome', pingMs: 30_000, maxFrame: 65_536 });
    expect(gateway.connections()[0]!.session).toMatch(/^[0-9a-f-]{36}$/);
    gateway.close();
  });

  it('makes do with timers where there is no setImmediate', async () => {
    vi.stubGlobal('setImmediate', undefined);
    try {
      const gateway = createGateway({ streams: createStreams({ log: createMemoryLog() }) });
      const link = new TestLink();
      link.events = gateway.accept(link, { transport: 'test' });
      expect(link.frames).toEqual([]);
      await vi.waitFor(() => expect(link.frames).toHaveLength(1));
      gateway.close();
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('refuses bounds that are none', () => {
    const streams = createStreams({ log: createMemoryLog() });
    expect(() => createGateway({ streams, maxConnections: 0 })).toThrow('maxConnections must be');
    expect(() => createGateway({ streams, limits: { pingMs: 0 } })).toThrow('pingMs must be');
  });
});
