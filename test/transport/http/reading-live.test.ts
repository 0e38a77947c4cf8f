import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type HttpBatch } from '../../../src/transport/http/client.js';
import {
  type Answer,
  closed,
  control,
  cutAfter,
  event,
  events,
  failureOf,
  hasty,
  inTurn,
  nothing,
  plain,
  ReadingLab,
  upToDate,
} from './lab.js';

const readings = new ReadingLab();
const items = (batches: readonly HttpBatch<unknown>[]): unknown[] => batches.flatMap((batch) => batch.items);

const end = plain('9', '', closed);

describe('long-polling', () => {
  it('asks again and again, and echoes the cursor', async () => {
    const batches = await readings.read(
      inTurn(
        plain('1', 'a', upToDate),
        nothing('1', { 'stream-cursor': '7' }),
        plain('2', 'b', { ...upToDate, 'stream-cursor': '8' }),
        nothing('2', closed),
      ),
      { live: 'long-poll', retry: hasty },
    );
    expect(batches).toEqual([
      { items: ['a'], offset: '1', upToDate: true, closed: false },
      { items: ['b'], offset: '2', upToDate: true, closed: false },
      { items: [], offset: '2', upToDate: true, closed: true },
    ]);
    expect(readings.asked()).toEqual([
      'offset=-1',
      'live=long-poll&offset=1',
      'cursor=7&live=long-poll&offset=1',
      'cursor=8&live=long-poll&offset=2',
    ]);
  });

  it('asks plainly when it has fallen behind', async () => {
    await readings.read(inTurn(plain('1', '', upToDate), plain('2', 'b'), end), { live: 'long-poll' });
    expect(readings.asked()).toEqual(['offset=-1', 'live=long-poll&offset=1', 'offset=2']);
  });

  it('reads bytes from a server whose first answer has no content type', async () => {
    const empty = nothing('1');
    const bytes = (response: ServerResponse): void =>
      void response.writeHead(200, { 'stream-next-offset': '2', ...closed }).end('a');
    expect(items(await readings.read(inTurn(empty, bytes), { live: 'long-poll' }))).toEqual([new Uint8Array([0x61])]);
  });
});

describe('server-sent events', () => {
  const caughtUp = plain('1', 'a', upToDate);

  it('hands out what came before a place together with it', async () => {
    const batches = await readings.read(
      inTurn(
        caughtUp,
        events(
          control('1', { upToDate: true, streamCursor: '7' }),
          event('data', 'b'),
          event('later', '{'),
          event('data', 'c'),
          control('2', { streamCursor: '8' }),
          control('2', { upToDate: true }),
        ),
        events(event('data', 'd'), control('3', { streamClosed: true }), event('data', 'never')),
      ),
      { live: 'sse' },
    );
    expect(batches.slice(1)).toEqual([
      { items: ['b', 'c'], offset: '2', upToDate: false, closed: false },
      { items: [], offset: '2', upToDate: true, closed: false },
      { items: ['d'], offset: '3', upToDate: true, closed: true },
    ]);
    expect(readings.asked()).toEqual(['offset=-1', 'live=sse&offset=1', 'cursor=8&live=sse&offset=2']);
    expect(readings.lab.asked[1]!.headers.accept).toBe('text/event-stream');
  });

  it('hands nothing out twice that was cut before its place came', async () => {
    const head = { 'content-type': 'text/event-stream' };
    const batches = await readings.read(
      inTurn(
        caughtUp,
        cutAfter(head, event('data', 'b') + control('2', { upToDate: true }) + event('data', 'c') + 'event: con'),
        cutAfter(head, 'event: data\nda'),
        events(event('data', 'c'), control('3', { streamClosed: true })),
      ),
      { live: 'sse' },
    );
    expect(items(batches)).toEqual(['a', 'b', 'c']);
    expect(readings.asked().slice(1)).toEqual(['live=sse&offset=1', 'live=sse&offset=2', 'live=sse&offset=2']);
  });

  it('is over with the last place, though the server stays', async () => {
    const stays = (response: ServerResponse): void => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event('data', 'b') + control('2', { streamClosed: true }));
    };
    expect(items(await readings.read(inTurn(caughtUp, stays), { live: 'sse' }))).toEqual(['a', 'b']);
  });

  it('reads base64 where the server says so', async () => {
    const head = { 'content-type': 'text/event-stream', 'stream-sse-data-encoding': 'base64' };
    const base64 = (response: ServerResponse): void =>
      void response.writeHead(200, head).end(event('data', 'AQ\ndata: ID') + control('2', { streamClosed: true }));
    const bytes = plain('1', '', { 'content-type': 'image/png', ...upToDate });
    expect(items(await readings.read(inTurn(bytes, base64), { live: 'sse' }))).toEqual([new Uint8Array([1, 2, 3])]);
  });

  it('reads as it is told to where no answer before it said what the stream holds', async () => {
    const more = events(event('data', 'b'), control('2', { streamClosed: true }));
    expect(items(await readings.read(inTurn(nothing('1'), more), { live: 'sse', as: 'text' }))).toEqual(['b']);
    await readings.lab.close();
    expect(items(await readings.read(inTurn(nothing('1'), more), { live: 'sse' }))).toEqual([Buffer.from('b')]);
  });

  it('reads messages', async () => {
    const json = plain('1', '[]', { 'content-type': 'application/json', ...upToDate });
    const more = events(event('data', '[\ndata: {"a":1},\ndata: 2\ndata: ]'), control('2', { streamClosed: true }));
    expect(items(await readings.read(inTurn(json, more), { live: 'sse' }))).toEqual([{ a: 1 }, 2]);
  });

  it.each([
    [event('control', '{'), 'control'],
    [event('control', ''), 'control'],
    [event('control', '{}'), 'streamNextOffset'],
  ])('ends with an event that makes no sense', async (text, field) => {
    await expect(readings.read(inTurn(caughtUp, events(text)), { live: 'sse' })).rejects.toMatchObject({
      code: 'data-malformed',
      details: { field },
    });
  });

  it('refuses an event that is too large, and too many of them without a place', async () => {
    const large = inTurn(caughtUp, events(event('data', 'x'.repeat(11))));
    await expect(readings.read(large, { live: 'sse', maxEventBytes: 10 })).rejects.toMatchObject({ code: 'overflow' });
    await readings.lab.close();
    const many = inTurn(caughtUp, events(event('data', 'xxx'), event('data', 'xxx')));
    await expect(readings.read(many, { live: 'sse', maxAnswerBytes: 5 })).rejects.toMatchObject({
      code: 'overflow',
      message: 'events without a place have more than maxAnswerBytes = 5 bytes',
    });
  });

  it('refuses an answer that is no event stream, where it was told to read one', async () => {
    await expect(readings.read(inTurn(caughtUp, plain('1', '')), { live: 'sse' })).rejects.toMatchObject({
      code: 'data-malformed',
      details: { field: 'Content-Type' },
    });
  });

  it('tries again when the events end before the first', async () => {
    const batches = await readings.read(inTurn(caughtUp, events(), events(control('1', { streamClosed: true }))), {
      live: 'sse',
    });
    expect(batches.at(-1)).toMatchObject({ closed: true });
    expect(readings.lab.asked).toHaveLength(3);
  });

  it('does not flood a server that ends its events at once', async () => {
    let now = 0;
    const waits: number[] = [];
    const scheduler = {
      now: () => now,
      schedule: (work: () => void, ms = 0) => {
        if (ms < 90_000) {
          waits.push(ms);
          now += ms;
          queueMicrotask(work);
        }
        return { unsubscribe: () => {} };
      },
    };
    const still = events(control('1', { upToDate: true }));
    const answers = inTurn(caughtUp, still, still, still, still, events(control('1', { streamClosed: true })));
    const retry = { initialDelayMs: 100, maxDelayMs: 400, random: () => 0.5 };
    await readings.read(answers, { live: 'sse', retry, scheduler: scheduler as never });
    expect(waits).toEqual([50, 100, 200, 200]);
  });
});

describe('auto', () => {
  const caughtUp = plain('1', 'a', upToDate);
  const rest = plain('2', 'b', closed);

  /** Answers requests for events in one way, and all others in turn. */
  function eventsOr(sse: (response: ServerResponse) => void): Answer {
    return (response, { query }) => {
      if (query.get('live') === 'sse') sse(response);
      else (query.has('live') ? rest : caughtUp)(response);
    };
  }

  it('reads events where they get through', async () => {
    await readings.read(eventsOr(events(event('data', 'b'), control('2', { streamClosed: true }))));
    expect(readings.asked()).toEqual(['offset=-1', 'live=sse&offset=1']);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['refused', (response) => void response.writeHead(406).end()],
    ['something else', plain('1', '')],
    ['over before the first', events()],
    ['cut before the first', cutAfter({ 'content-type': 'text/event-stream' }, 'event: con')],
  ])('long-polls where events are %s', async (_, sse) => {
    expect(items(await readings.read(eventsOr(sse)))).toEqual(['a', 'b']);
    expect(readings.asked()).toEqual(['offset=-1', 'live=sse&offset=1', 'live=long-poll&offset=1']);
  });

  it('long-polls where events are held back by somebody between', async () => {
    const held = (response: ServerResponse): void =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    expect(items(await readings.read(eventsOr(held), { idleMs: 1000 }))).toEqual(['a', 'b']);
    expect(readings.asked().at(-1)).toBe('live=long-poll&offset=1');
  });

  it('stays with events that have been cut once', async () => {
    const head = { 'content-type': 'text/event-stream' };
    await readings.read(
      inTurn(
        caughtUp,
        cutAfter(head, control('1', { upToDate: true })),
        cutAfter(head, ''),
        events(control('1', { streamClosed: true })),
      ),
    );
    expect(readings.asked().slice(1)).toEqual(['live=sse&offset=1', 'live=sse&offset=1', 'live=sse&offset=1']);
  });

  it('does not take trouble that passes, or a defect, for events that are none', async () => {
    await readings.read(
      inTurn(
        caughtUp,
        (response) => response.writeHead(503).end(),
        (response) => response.destroy(),
        events(control('1', { streamClosed: true })),
      ),
    );
    expect(readings.asked().slice(1)).toEqual(['live=sse&offset=1', 'live=sse&offset=1', 'live=sse&offset=1']);
    await readings.lab.close();
    const error = await failureOf(readings.read(eventsOr(events(event('control', '{')))));
    expect(error).toMatchObject({ code: 'data-malformed' });
  });
});

describe('a quiet stream', () => {
  it('is read for as long as it takes, though its connection is cut now and then', async () => {
    let now = 0;
    const scheduler = {
      now: () => now,
      schedule: (work: () => void, ms = 0) => {
        if (ms < 90_000) queueMicrotask(work);
        return { unsubscribe: () => {} };
      },
    };
    const cut = cutAfter({ 'content-type': 'text/event-stream' }, control('1', { upToDate: true }));
    const answer: Answer = (response, _, count) => {
      // Each connection lasts for a minute, as far as the reader can tell.
      now += 60_000;
      if (count === 0) plain('1', '', upToDate)(response);
      else if (count < 20) cut(response);
      else events(control('1', { streamClosed: true }))(response);
    };
    const batches = await readings.read(answer, {
      live: 'sse',
      retry: { maxRetries: 3 },
      scheduler: scheduler as never,
    });
    expect(batches.at(-1)).toMatchObject({ closed: true });
    expect(readings.lab.asked).toHaveLength(21);
  });
});
