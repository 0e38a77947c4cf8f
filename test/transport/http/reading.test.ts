import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type HttpBatch, pullHttp } from '../../../src/transport/http/client.js';
import { pause, until } from '../../servers/until.js';
import {
  type Answer,
  closed,
  control,
  cutAfter,
  event,
  hasty,
  inTurn,
  nothing,
  placed,
  plain,
  ReadingLab,
  upToDate,
} from './lab.js';

const readings = new ReadingLab();
const items = (batches: readonly HttpBatch<unknown>[]): unknown[] => batches.flatMap((batch) => batch.items);

const end = plain('9', '', closed);

describe('catching up', () => {
  it('asks on until it is up to date, from place to place', async () => {
    const batches = await readings.read(inTurn(plain('1', 'a'), plain('2', 'b'), plain('3', 'c', upToDate)), {
      live: false,
    });
    expect(batches).toEqual([
      { items: ['a'], offset: '1', upToDate: false, closed: false },
      { items: ['b'], offset: '2', upToDate: false, closed: false },
      { items: ['c'], offset: '3', upToDate: true, closed: false },
    ]);
    expect(readings.asked()).toEqual(['offset=-1', 'offset=1', 'offset=2']);
  });

  it('begins where it is told to', async () => {
    await readings.read(plain('now2', '', upToDate), { live: false, offset: 'now' });
    expect(readings.asked()).toEqual(['offset=now']);
  });

  it('is over where a stream is closed, though it would wait', async () => {
    const batches = await readings.read(plain('1', 'a', closed));
    expect(batches).toEqual([{ items: ['a'], offset: '1', upToDate: true, closed: true }]);
    expect(readings.asked()).toEqual(['offset=-1']);
  });

  it('is over where a stream is closed that has never held anything', async () => {
    const batches = await readings.read(nothing('0', closed));
    expect(batches).toEqual([{ items: [], offset: '0', upToDate: true, closed: true }]);
  });

  it('takes an answer that leads nowhere for the end, though it does not say so', async () => {
    const batches = await readings.read(inTurn(plain('1', 'a'), plain('1', '')), { live: false });
    expect(batches.map(({ upToDate }) => upToDate)).toEqual([false, true]);
  });

  it('hands messages out one by one, and lists as what they are', async () => {
    const json = { 'content-type': 'application/json', ...closed };
    expect(items(await readings.read(plain('1', '[{"a":1},[2,3],null]', json)))).toEqual([{ a: 1 }, [2, 3], null]);
  });

  it('reads as it is told to, whatever the content type', async () => {
    const json = { 'content-type': 'application/json', ...closed };
    expect(items(await readings.read(plain('1', '[1,2]', json), { as: 'text' }))).toEqual(['[1,2]']);
    await readings.lab.close();
    expect(items(await readings.read(plain('1', '[1,2]', closed), { as: 'json' }))).toEqual([1, 2]);
    await readings.lab.close();
    const bytes = items(await readings.read(plain('1', 'é', closed), { as: 'bytes' }));
    expect(bytes.map((item) => [...(item as Uint8Array)])).toEqual([[0xc3, 0xa9]]);
  });

  it('puts a character together that two answers share, and shows half of one at the end', async () => {
    const [a, b] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)];
    const bytes =
      (offset: string, body: Buffer, headers = {}) =>
      (response: ServerResponse) =>
        void response.writeHead(200, placed(offset, headers)).end(body);
    const batches = await readings.read(inTurn(bytes('1', a), bytes('2', b), bytes('3', a, closed)));
    expect(batches.map((batch) => batch.items)).toEqual([[], ['é'], ['\ufffd']]);
  });

  it('hands a large answer out in pieces, which tell the place before it until it is whole', async () => {
    const text = '0123456789'.repeat(100_000);
    const batches = await readings.read(plain('1', text, closed), { maxPieceBytes: 1000 });
    expect(items(batches).join('')).toBe(text);
    expect(batches.length).toBeGreaterThan(2);
    expect(batches[0]).toMatchObject({ offset: '-1', upToDate: false, closed: false });
    expect(batches.at(-2)).toMatchObject({ offset: '-1', upToDate: false, closed: false });
    expect(batches.at(-1)).toMatchObject({ offset: '1', upToDate: true, closed: true });
  });

  it('refuses JSON that is too large, and what is none', async () => {
    const json = { 'content-type': 'application/json', ...closed };
    await expect(readings.read(plain('1', '[1,2,3]', json), { maxAnswerBytes: 6 })).rejects.toMatchObject({
      code: 'overflow',
    });
    await readings.lab.close();
    await expect(readings.read(plain('1', '[1,2', json))).rejects.toMatchObject({ code: 'data-malformed' });
    expect(readings.asked()).toEqual(['offset=-1']);
  });

  it('refuses an answer that is none of Durable Streams before anything of it is handed out', async () => {
    const page: Answer = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'.repeat(5));
    const lab = await readings.start(page);
    const reading = pullHttp({ url: lab.url, maxPieceBytes: 1 });
    await expect(reading.next()).rejects.toMatchObject({
      code: 'data-malformed',
      details: { field: 'Stream-Next-Offset' },
    });
  });
});

describe('a request that fails', () => {
  it('is repeated from where the reading was, and nothing comes twice', async () => {
    const batches = await readings.read(
      inTurn(
        (response) => response.writeHead(500).end(),
        plain('1', 'a'),
        (response) => response.destroy(),
        (response) => response.writeHead(429, { 'retry-after': '0' }).end(),
        plain('2', 'b', closed),
      ),
    );
    expect(items(batches)).toEqual(['a', 'b']);
    expect(readings.asked()).toEqual(['offset=-1', 'offset=-1', 'offset=1', 'offset=1', 'offset=1']);
  });

  it('goes on within an answer that was cut, where its pieces were handed out already', async () => {
    const text = '0123456789'.repeat(100_000);
    const full = placed('1', { 'content-length': `${text.length}`, ...closed });
    const answers = inTurn(cutAfter(full, text.slice(0, 900_000)), plain('1', text, closed));
    const batches = await readings.read(answers, { maxPieceBytes: 1000 });
    expect(items(batches).join('')).toBe(text);
    expect(readings.asked()).toEqual(['offset=-1', 'offset=-1']);
  });

  it('goes on behind a shorter answer, where more than that was handed out already', async () => {
    const text = '0123456789'.repeat(100_000);
    const full = placed('9', { 'content-length': `${text.length}` });
    const answers = inTurn(
      cutAfter(full, text.slice(0, 900_000)),
      plain('1', text.slice(0, 500)),
      plain('2', text.slice(500), closed),
    );
    const batches = await readings.read(answers, { maxPieceBytes: 1000 });
    expect(items(batches).join('')).toBe(text);
    expect(readings.asked()).toEqual(['offset=-1', 'offset=-1', 'offset=1']);
  });

  it('hands no message out twice of JSON that was cut', async () => {
    const json = { 'content-type': 'application/json' };
    const head = placed('1', { ...json, 'content-length': '20' });
    const batches = await readings.read(inTurn(cutAfter(head, '[1,2'), plain('1', '[1,2,3]', { ...json, ...closed })));
    expect(items(batches)).toEqual([1, 2, 3]);
  });

  it('is asked with fresh headers and parameters', async () => {
    let token = 0;
    await readings.read(
      inTurn((response) => response.writeHead(503).end(), plain('1', 'a'), end),
      {
        headers: async () => ({ authorization: `Bearer ${++token}` }),
        params: () => ({ n: `${token}` }),
      },
    );
    expect(readings.lab.asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer 1',
      'Bearer 2',
      'Bearer 3',
    ]);
    expect(readings.asked()).toHaveLength(3);
  });

  it('ends the reading when its retries are used up', async () => {
    const down: Answer = (response) => response.writeHead(500).end('down');
    await expect(readings.read(down, { retry: { ...hasty, maxRetries: 2 } })).rejects.toMatchObject({
      code: 'connection-lost',
      status: 500,
      message: 'GET /v1/stream/s: the server answered 500: down',
    });
    expect(readings.lab.asked).toHaveLength(3);
  });

  it.each([
    [400, 'data-malformed'],
    [404, 'stream-not-found'],
    [410, 'stream-not-found'],
    [401, 'connection-refused'],
  ])('ends the reading at once with %i', async (status, code) => {
    await expect(readings.read((response) => response.writeHead(status).end())).rejects.toMatchObject({ code, status });
    expect(readings.lab.asked).toHaveLength(1);
  });

  it('says gap where the place it was at is no longer kept', async () => {
    const gone = inTurn(plain('1', 'a'), (response) => response.writeHead(410).end());
    await expect(readings.read(gone)).rejects.toMatchObject({ code: 'gap', status: 410 });
  });
});

describe('demand', () => {
  it('asks nothing before it is asked, and no further than that', async () => {
    const lab = await readings.start(inTurn(plain('1', 'a'), plain('2', 'b'), end));
    const reading = pullHttp({ url: lab.url });
    await pause(50);
    expect(lab.asked).toHaveLength(0);
    await reading.next();
    await pause(50);
    expect(lab.asked).toHaveLength(1);
    await reading.next();
    await pause(50);
    expect(lab.asked).toHaveLength(2);
    await reading.return!();
  });

  it('reads no further in an answer than it is asked', async () => {
    const piece = Buffer.alloc(65_536, 'x');
    let sent = 0;
    const lab = await readings.start((response) => {
      response.writeHead(200, placed('1', closed));
      const go = (): void => {
        while (sent < 1000) {
          sent++;
          if (!response.write(piece)) return void response.once('drain', go);
        }
        response.end();
      };
      go();
    });
    const reading = pullHttp({ url: lab.url, as: 'bytes' });
    const { value } = await reading.next();
    let bytes = value!.items[0]!.length;
    let before: number;
    do {
      before = sent;
      await pause(300);
    } while (sent > before);
    // 64 MB are there; what the kernel and both ends hold of them is bounded.
    expect(sent).toBeLessThan(500);
    for await (const { items: more } of reading) for (const item of more) bytes += item.length;
    expect(bytes).toBe(1000 * 65_536);
  });

  it('lets the connection go when the loop is left', async () => {
    const head = { 'content-type': 'text/event-stream' };
    const lab = await readings.start(
      inTurn(plain('1', 'a', upToDate), (response) => {
        response.writeHead(200, head).write(event('data', 'b') + control('2'));
      }),
    );
    const seen: unknown[] = [];
    for await (const batch of pullHttp({ url: lab.url })) {
      seen.push(...batch.items);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual(['a', 'b']);
    await until('the connection was let go', () => readings.lab.cut === 1);
  });
});
