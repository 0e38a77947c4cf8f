import { describe, expect, it } from 'vitest';
import { Registry } from '../../src/durable/registry.js';
import { VirtualTime } from '../virtual-time.js';
import { encoded, lab, text } from './lab.js';

describe('Registry', () => {
  it('knows a stream that came through another door by its first chunk', async () => {
    const { log, get, content, ask } = lab();
    log.create('a');
    expect((await get('a')).headers['content-type']).toBe('application/octet-stream');
    log.append('a', [encoded('hello')]);
    expect((await get('a')).headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(await content('a')).toBe('hello');
    expect((await ask('HEAD', 'a')).headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  it.each(['', 'tokens', 'text/plain\r\nset-cookie: a=b', 'text/plain; a="\u2713"'])(
    'says what a stream is where another door called it %j',
    async (contentType) => {
      const { log, ask } = lab();
      log.create('a', { contentType });
      log.append('a', [encoded('hello')]);
      expect((await ask('HEAD', 'a')).headers['content-type']).toBe('text/plain; charset=utf-8');
    },
  );

  it('removes no stream for a lifetime that is none', async () => {
    const { log, ask } = lab();
    log.create('a', { metadata: { durable: { expiresAt: 'soon' } } });
    expect((await ask('HEAD', 'a')).status).toBe(200);
    expect(log.info('a')).toBeDefined();
  });

  it('lets nobody see a stream that is being made, but waits for it', async () => {
    const { streams } = lab();
    const registry = new Registry({ streams, scheduler: new VirtualTime(), isFollowed: () => false });
    const steps: string[] = [];
    const making = registry.change('a', async () => {
      await registry.create('a', { contentType: 'text/plain' });
      steps.push('made');
      await new Promise((resolve) => setTimeout(resolve, 5));
      steps.push('filled');
    });
    const second = registry.change('a', async () => void steps.push('again'));
    expect((await registry.find('a'))?.mediaType).toBe('text/plain');
    expect(steps).toEqual(['made', 'filled', 'again']);
    await Promise.all([making, second]);
    await expect(registry.change('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await registry.find('a')).toBeDefined();
  });

  it('removes a stream when its time is over, for every door', async () => {
    const time = new VirtualTime();
    const { put, get, log } = lab({ scheduler: time });
    await put('a', { headers: { 'stream-ttl': '2' } });
    await time.pass(1900);
    expect((await get('a')).status).toBe(200);
    await time.pass(1999);
    expect(log.info('a')).toBeDefined();
    await time.pass(10);
    expect(log.info('a')).toBeUndefined();
    expect((await get('a')).status).toBe(404);
  });

  it('looks no more for a stream that was removed through another door', async () => {
    const time = new VirtualTime();
    const { put, log } = lab({ scheduler: time });
    await put('a', { headers: { 'stream-ttl': '1' } });
    await put('b', { headers: { 'stream-ttl': '2' } });
    await put('c', { headers: { 'stream-ttl': '3' } });
    log.delete('a');
    await time.pass(1100);
    const looked: string[] = [];
    const info = log.info.bind(log);
    log.info = (name) => {
      looked.push(name);
      return info(name);
    };
    await time.pass(3000);
    expect(looked).toContain('c');
    expect(looked).not.toContain('a');
  });

  it('finds the lifetimes of streams that were there before it', async () => {
    const time = new VirtualTime();
    const { log } = lab({ scheduler: time });
    log.create('old', { metadata: { durable: { ttl: 1 } } });
    log.create('plain');
    const { streams } = lab({ scheduler: time });
    const registry = new Registry({
      streams: { ...streams, log, readers: streams.readers, delete: (name: string) => log.delete(name) } as never,
      scheduler: time,
      isFollowed: () => false,
    });
    await registry.begin();
    await time.pass(1001);
    expect(log.list().map(({ streamId }) => streamId)).toEqual(['plain']);
    registry.dispose();
  });

  it('keeps a stream that somebody reads, through this door or another', async () => {
    const time = new VirtualTime();
    const { put, log, streams } = lab({ scheduler: time });
    await put('a', { headers: { 'stream-ttl': '1' } });
    const leave = streams.readers.add('a', { next: () => 0 });
    await time.pass(5000);
    expect(log.info('a')).toBeDefined();
    leave();
    await time.pass(2000);
    expect(log.info('a')).toBeUndefined();
  });

  it('does not show a fork that its maker died over, but has it made', async () => {
    const { put, get, log, content } = lab();
    await put('source', { body: 'abc' });
    const fork = { from: 'source', at: '0000000000000001', sub: 0, count: 1, base: 0 };
    log.create('f', { contentType: 'text/plain', metadata: { durable: { fork } } });
    expect((await get('f')).status).toBe(404);
    expect((await put('f', { headers: { ...text, 'stream-forked-from': '/v1/stream/source' } })).status).toBe(201);
    expect(await content('f')).toBe('abc');
  });

  it('makes a stream anew whose time is over, though nobody has noticed', async () => {
    const time = new VirtualTime();
    const { put, log, content } = lab({ scheduler: time });
    await put('a', { headers: { 'stream-expires-at': '1970-01-01T00:00:01Z' }, body: 'old' });
    time.frame = 1000;
    expect((await put('a', { body: 'new' })).status).toBe(201);
    expect(await content('a')).toBe('new');
    expect(log.info('a')!.next).toBe(1);
  });
});
