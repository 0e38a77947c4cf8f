import { afterEach, describe, expect, it } from 'vitest';
import { type HttpCreateOptions, httpStream, type HttpStreamOptions } from '../../../src/transport/http/stream.js';
import { until } from '../../servers/until.js';
import { type Answer, closed, failureOf, hasty, Lab } from './lab.js';

let lab: Lab | undefined;

afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

async function streamOf(answer: Answer, options: Partial<HttpStreamOptions> = {}) {
  lab = await Lab.start(answer);
  return httpStream({ url: lab.url, retry: hasty, ...options });
}

const ok: Answer = (response) => response.writeHead(204, { 'stream-next-offset': '5' }).end();
const json = 'application/json';

describe('httpStream', () => {
  it('makes a stream, and tells whether there was one', async () => {
    const stream = await streamOf(
      (response, _, count) => response.writeHead(count === 0 ? 201 : 200, { 'stream-next-offset': '0' }).end(),
      { contentType: json },
    );
    expect(await stream.create()).toEqual({ created: true, offset: '0' });
    expect(await stream.create({ items: [{ a: 1 }, [2]], closed: true, ttlMs: 59_001 })).toEqual({
      created: false,
      offset: '0',
    });
    const [first, second] = lab!.asked;
    expect(first).toMatchObject({ method: 'PUT', body: '', headers: { 'content-type': json } });
    expect(first!.headers).not.toHaveProperty('stream-closed');
    expect(second).toMatchObject({
      body: '[{"a":1},[2]]',
      headers: { 'content-type': json, 'stream-closed': 'true', 'stream-ttl': '60' },
    });
  });

  it('makes a stream that goes at a time, or begins as a copy', async () => {
    const stream = await streamOf((response) => response.writeHead(201).end());
    expect(await stream.create({ expiresAt: new Date(0) })).toEqual({ created: true, offset: undefined });
    await stream.create({ forkedFrom: '/v1/stream/a', forkOffset: '0_5', forkSubOffset: 2 });
    const [first, second] = lab!.asked;
    expect(first!.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'stream-expires-at': '1970-01-01T00:00:00.000Z',
    });
    expect(second!.headers).toMatchObject({
      'stream-forked-from': '/v1/stream/a',
      'stream-fork-offset': '0_5',
      'stream-fork-sub-offset': '2',
    });
  });

  it.each<[object, string]>([
    [{ ttlMs: 1, expiresAt: new Date() }, 'ttlMs and expiresAt exclude each other'],
    [{ ttlMs: 1.5 }, 'ttlMs must be a whole number of at least 0, got 1.5'],
    [{ expiresAt: '2030' }, 'expiresAt must be a valid Date, got a string'],
    [{ expiresAt: new Date('x') }, 'expiresAt must be a valid Date, got an object'],
    [{ forkedFrom: 'a\r\nb' }, 'forkedFrom must not hold CR, LF or other controls'],
    [{ forkOffset: '5' }, 'forkOffset and forkSubOffset need forkedFrom'],
    [{ forkSubOffset: 0 }, 'forkOffset and forkSubOffset need forkedFrom'],
    [{ forkedFrom: '/a', forkOffset: '\n' }, 'forkOffset must not hold CR, LF or other controls'],
    [{ forkedFrom: '/a', forkSubOffset: -1 }, 'forkSubOffset must be a whole number of at least 0, got -1'],
    [{ items: [5] }, 'data must be a string or bytes, got a number'],
  ])('refuses to create with %o', async (options, message) => {
    const stream = await streamOf(ok);
    await expect(stream.create(options as HttpCreateOptions)).rejects.toThrow(message);
    expect(lab!.asked).toHaveLength(0);
  });

  it('appends one item, or some in one request', async () => {
    const stream = await streamOf(ok, { contentType: json });
    expect(await stream.append([1, 2], { seq: 'a' })).toEqual({ offset: '5' });
    expect(await stream.appendAll([1, 2])).toEqual({ offset: '5' });
    expect(lab!.asked).toMatchObject([
      { method: 'POST', body: '[[1,2]]', headers: { 'stream-seq': 'a', 'content-type': json } },
      { method: 'POST', body: '[1,2]' },
    ]);
    expect(lab!.asked[1]!.headers).not.toHaveProperty('stream-seq');
  });

  it.each<[unknown, object, string]>([
    [[], {}, 'items must not be empty'],
    ['a', {}, 'items must be an array, got a string'],
    [['a'], { seq: '1\n2' }, 'seq must not hold CR, LF or other controls'],
    [['a'], { seq: 5 }, 'seq must be a string, got a number'],
    [[''], {}, 'data must not be empty'],
  ])('refuses to append %o with %o', async (items, options, message) => {
    const stream = await streamOf(ok);
    await expect(stream.appendAll(items as never, options)).rejects.toThrow(message);
    expect(lab!.asked).toHaveLength(0);
  });

  it('closes, with a last item or without', async () => {
    const stream = await streamOf(ok, { contentType: 'text/plain' });
    expect(await stream.close()).toEqual({ offset: '5' });
    expect(await stream.close('end')).toEqual({ offset: '5' });
    expect(lab!.asked).toMatchObject([
      { method: 'POST', body: '', headers: { 'stream-closed': 'true' } },
      { method: 'POST', body: 'end', headers: { 'stream-closed': 'true', 'content-type': 'text/plain' } },
    ]);
    expect(lab!.asked[0]!.headers).not.toHaveProperty('content-type');
  });

  it('tells what a stream is like', async () => {
    const headers = { 'stream-next-offset': '5', 'content-type': json, 'stream-ttl': '60', ...closed };
    const stream = await streamOf((response, _, count) => response.writeHead(200, count === 0 ? headers : {}).end());
    expect(await stream.head()).toEqual({
      offset: '5',
      contentType: json,
      closed: true,
      ttlMs: 60_000,
      expiresAt: undefined,
    });
    expect(await stream.head()).toMatchObject({ offset: undefined, contentType: undefined, closed: false });
    expect(lab!.asked[0]!.method).toBe('HEAD');
  });

  it('tries again what is safe to try again', async () => {
    const stream = await streamOf((response, { method }, count) => {
      if (count % 2 === 0) response.destroy();
      else response.writeHead(method === 'PUT' ? 201 : 204).end();
    });
    await stream.create();
    await stream.head();
    await stream.close();
    await stream.delete();
    expect(lab!.asked).toHaveLength(8);
  });

  it('does not send an item again when nobody knows whether it is kept', async () => {
    const stream = await streamOf((response) => response.destroy());
    for (const write of [stream.append('a'), stream.appendAll(['a']), stream.close('a')]) {
      await expect(write).rejects.toMatchObject({ code: 'connection-lost', status: undefined });
    }
    expect(lab!.asked).toHaveLength(3);
  });

  it('sends an item again that was refused for now, and not where somebody between gave up', async () => {
    const stream = await streamOf((response, _, count) => {
      const status = [503, 429, 500, 204, 504][count]!;
      response.writeHead(status).end();
    });
    await stream.append('a');
    expect(lab!.asked).toHaveLength(4);
    await expect(stream.append('b')).rejects.toMatchObject({ code: 'connection-lost', status: 504 });
    expect(lab!.asked).toHaveLength(5);
  });

  it('has removed a stream that is gone after an answer was lost, and only then', async () => {
    const gone = (response: Parameters<Answer>[0]): void => void response.writeHead(404).end();
    const stream = await streamOf((response, _, count) => (count === 0 ? response.destroy() : gone(response)));
    await stream.delete();
    await expect(stream.delete()).rejects.toMatchObject({ code: 'stream-not-found', status: 404 });
    await lab!.close();
    const refused = await streamOf((response, _, count) => {
      if (count === 0) response.destroy();
      else response.writeHead(403).end();
    });
    await expect(refused.delete()).rejects.toMatchObject({ code: 'connection-refused' });
  });

  it.each([
    [409, closed, 'stream-closed'],
    [404, {}, 'stream-not-found'],
    [413, {}, 'chunk-too-large'],
    [409, {}, 'data-malformed'],
  ])('fails at once with %i %o as %s', async (status, headers, code) => {
    const stream = await streamOf((response) =>
      response.writeHead(status, { 'stream-next-offset': '9', ...headers }).end(),
    );
    await expect(stream.append('a')).rejects.toMatchObject({ code, status, offset: '9' });
    expect(lab!.asked).toHaveLength(1);
  });

  it('calls a number that is not greater by its name', async () => {
    const stream = await streamOf((response) => response.writeHead(409).end());
    await expect(stream.append('a', { seq: '1' })).rejects.toMatchObject({
      code: 'sequence-gap',
      details: { field: 'seq' },
    });
  });

  it('lets go when it is aborted', async () => {
    const abort = new AbortController();
    const stream = await streamOf(() => {}, { signal: abort.signal });
    const writing = failureOf(stream.append('a'));
    await until('it was asked', () => lab!.asked.length === 1);
    abort.abort(new Error('enough'));
    expect(await writing).toMatchObject({ message: 'enough' });
    await until('the connection was let go', () => lab!.cut === 1);
  });
});
