import { describe, expect, it, vi } from 'vitest';
import { createGateway } from '../../src/gateway/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { createStreams } from '../../src/streams/index.js';
import { GatewayStage, TestLink } from './stage.js';

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
    await expect.poll(() => link.all('subscribed')).toHaveLength(1);
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
      await expect.poll(() => link.frames).toHaveLength(1);
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
