import fc from 'fast-check';
import type { SchedulerLike } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  createHttpProducer,
  type HttpFetch,
  type HttpFormat,
  type HttpLive,
  pullHttp,
} from '../../../src/transport/http/client.js';
import { control, event, upToDate } from './lab.js';

/** No time at all for waits between retries; nothing is ever silent. */
const hurried = {
  now: () => 0,
  schedule: (work: () => void, ms = 0) => {
    if (ms < 10_000) queueMicrotask(work);
    return { unsubscribe: () => {} };
  },
} as unknown as SchedulerLike;
const retry = { maxRetries: Infinity, initialDelayMs: 1, maxDelayMs: 1 };
const encoder = new TextEncoder();

/** Numbers that are used up one by one. When they are, all goes well. */
class Dice {
  private at = 0;
  constructor(private readonly rolls: readonly number[]) {}

  /** The next one, below `sides`. */
  roll(sides: number): number {
    return this.at < this.rolls.length ? this.rolls[this.at++]! % sides : sides - 1;
  }
}

const rolls = fc.array(fc.nat(10_000), { maxLength: 300 });

/** A body in pieces of any size, which may break off anywhere. */
function bodyOf(bytes: Uint8Array, dice: Dice): ReadableStream<Uint8Array> {
  const end = dice.roll(3) === 0 ? dice.roll(bytes.length + 1) : Infinity;
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= end) return controller.error(new TypeError('cut'));
      if (at >= bytes.length) return controller.close();
      const size = 1 + dice.roll(dice.roll(2) === 0 ? 5 : 500);
      controller.enqueue(bytes.subarray(at, (at = Math.min(at + size, end, bytes.length))));
    },
  });
}

/** A refusal that passes, or none. */
function trouble(dice: Dice): Response | undefined {
  switch (dice.roll(8)) {
    case 0:
      throw new TypeError('nobody there');
    case 1:
      return new Response('', { status: 503 });
    case 2:
      return new Response('', { status: 429, headers: { 'retry-after': '0' } });
    default:
      return undefined;
  }
}

/** A stream of units: bytes, or messages. It grows while it is asked for, and is closed at its end. */
class Server {
  private tail = 0;
  requests = 0;

  constructor(
    private readonly units: Uint8Array | readonly unknown[],
    private readonly contentType: string,
    private readonly dice: Dice,
  ) {}

  readonly fetch: HttpFetch = async (url) => {
    this.requests++;
    const { dice, units } = this;
    const refused = trouble(dice);
    if (refused !== undefined) return refused;
    this.tail = Math.min(units.length, this.tail + dice.roll(12));
    const { searchParams } = new URL(url);
    const from = Math.max(0, Number(searchParams.get('offset')));
    const live = searchParams.get('live');
    if (live === 'sse') return this.events(from);
    // A page may be shorter than what is there.
    const to = Math.min(this.tail, from + 1 + dice.roll(20));
    const headers = {
      'stream-next-offset': `${to}`,
      'content-type': this.contentType,
      ...(to === this.tail ? upToDate : {}),
      ...(to === units.length ? { 'stream-closed': 'true' } : {}),
    };
    if (live !== null && from === to) return new Response(null, { status: 204, headers });
    return new Response(bodyOf(this.page(from, to), dice), { headers });
  };

  private page(from: number, to: number): Uint8Array {
    const { units } = this;
    return units instanceof Uint8Array
      ? units.subarray(from, to)
      : encoder.encode(JSON.stringify(units.slice(from, to)));
  }

  private events(from: number): Response {
    const { dice, units } = this;
    const binary = units instanceof Uint8Array;
    let text = '';
    let at = from;
    for (let i = dice.roll(4); i >= 0; i--) {
      const to = Math.min(this.tail, at + dice.roll(9));
      const page = this.page(at, to);
      if (to > at)
        text += event('data', binary ? Buffer.from(page).toString('base64') : new TextDecoder().decode(page));
      const place = { upToDate: to === this.tail, streamClosed: to === units.length };
      // Older servers leave some places out.
      if (to === at || dice.roll(3) > 0) text += control(`${(at = to)}`, place);
      else at = to;
    }
    if (at !== from) text += control(`${at}`, { upToDate: at === this.tail });
    const headers = {
      'content-type': 'text/event-stream',
      ...(binary ? { 'stream-sse-data-encoding': 'base64' } : {}),
    };
    return new Response(bodyOf(encoder.encode(text), dice), { headers });
  }
}

describe('a reading, whatever goes wrong', () => {
  const live = fc.constantFrom<HttpLive>('auto', 'long-poll', 'sse');
  const options = { url: 'http://127.0.0.1/s', retry, scheduler: hurried };

  /** Reads all, leaving after some batches and beginning anew where the last one said. */
  async function read(
    server: Server,
    how: { readonly as: HttpFormat; readonly live: HttpLive; readonly maxPieceBytes: number },
    leaveAfter: number,
  ): Promise<unknown[]> {
    const sure: unknown[] = [];
    for (let offset = '-1'; ;) {
      let pending: unknown[] = [];
      let taken = 0;
      for await (const batch of pullHttp({ ...options, ...how, offset, fetch: server.fetch })) {
        pending.push(...batch.items);
        if (batch.offset !== offset || batch.closed) {
          // What a piece brought counts once its place is known.
          sure.push(...pending);
          pending = [];
          offset = batch.offset;
        }
        if (batch.closed) return sure;
        if (++taken >= leaveAfter) break;
      }
    }
  }

  it('has every message once and in order', async () => {
    const messages = fc.array(fc.oneof(fc.nat(), fc.string(), fc.constant([1, [2]])), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(messages, rolls, live, fc.integer({ min: 1, max: 20 }), async (units, dice, way, leaveAfter) => {
        const server = new Server(units, 'application/json', new Dice(dice));
        expect(await read(server, { as: 'json', live: way, maxPieceBytes: 1 }, leaveAfter)).toEqual(units);
      }),
      { numRuns: 150 },
    );
  });

  it('has every byte once and in order', async () => {
    const size = fc.integer({ min: 1, max: 30 });
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(bytes, rolls, live, size, size, async (units, dice, way, maxPieceBytes, leaveAfter) => {
        const server = new Server(units, 'image/png', new Dice(dice));
        const pieces = await read(server, { as: 'bytes', live: way, maxPieceBytes }, leaveAfter);
        expect(Buffer.concat(pieces as Uint8Array[])).toEqual(Buffer.from(units));
      }),
      { numRuns: 150 },
    );
  });

  it('has every character whole', async () => {
    const size = fc.integer({ min: 1, max: 30 });
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '€', '🐋'), minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(text, rolls, live, size, async (whole, dice, way, maxPieceBytes) => {
        const server = new Server(encoder.encode(whole), 'application/octet-stream', new Dice(dice));
        expect((await read(server, { as: 'text', live: way, maxPieceBytes }, Infinity)).join('')).toBe(whole);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a producer, whatever goes wrong', () => {
  it('has every item kept once and in order', async () => {
    const items = fc.array(fc.nat(), { minLength: 1, maxLength: 40 });
    const most = fc.integer({ min: 1, max: 8 });
    await fc.assert(
      fc.asyncProperty(items, rolls, most, most, fc.nat(3), async (sent, seeds, maxBatchItems, maxInFlight, epoch) => {
        const dice = new Dice(seeds);
        const kept: number[] = [];
        const state = { epoch, next: 0, closed: false };
        const keep = (init: Parameters<HttpFetch>[1]): Response => {
          const { 'producer-epoch': claimed, 'producer-seq': seq, 'stream-closed': closes } = init.headers;
          if (Number(claimed) < state.epoch) {
            return new Response('', { status: 403, headers: { 'producer-epoch': `${state.epoch}` } });
          }
          if (Number(claimed) > state.epoch) Object.assign(state, { epoch: Number(claimed), next: 0 });
          if (Number(seq) < state.next) return new Response(null, { status: 204 });
          if (Number(seq) > state.next) {
            return new Response('', { status: 409, headers: { 'producer-expected-seq': `${state.next}` } });
          }
          state.next++;
          state.closed ||= closes === 'true';
          if (init.body !== undefined)
            kept.push(...(JSON.parse(new TextDecoder().decode(init.body as Uint8Array)) as number[]));
          return new Response('');
        };
        const fetch: HttpFetch = async (_, init) => {
          const refused = trouble(dice);
          if (refused !== undefined) return refused;
          // Requests overtake each other …
          for (let turns = dice.roll(12); turns > 0; turns--) await undefined;
          const answer = keep(init);
          // … and answers are lost.
          if (dice.roll(4) === 0) throw new TypeError('lost');
          return answer;
        };
        const producer = createHttpProducer({
          url: 'http://127.0.0.1/s',
          producerId: 'p',
          contentType: 'application/json',
          autoClaim: true,
          maxBatchItems,
          maxInFlight,
          retry,
          scheduler: hurried,
          fetch,
        });
        for (const item of sent) {
          void producer.append(item);
          if (dice.roll(5) === 0) await undefined;
        }
        await producer.close();
        expect(kept).toEqual(sent);
        expect(state.closed).toBe(true);
        expect(producer.pendingBytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
