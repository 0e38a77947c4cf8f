import { catchError, concat, concatMap, EMPTY, filter, interval, map, NEVER, type Observable, of, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '../../src/chunk/index.js';
import { type Client, type ClientOptions, createClient } from '../../src/client/index.js';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway/index.js';
import type { ClientFrame, OutgoingFrame, ServerFrame } from '../../src/protocol/index.js';
import { simulate, type SimulateOptions, type Simulation } from '../../src/testing/simulate.js';

/** Half of the 10 000 seeds; the other half runs beside them, in simulate/world.test.ts. */
const seeds = 5000;
const seedsAtOnce = 500;

/** Seeds in which a defect must show. */
const enough = 400;

async function firstFailure(options: SimulateOptions): Promise<Simulation> {
  for (let seed = 0; seed < enough; seed++) {
    const run = await simulate(seed, options);
    if (run.findings.length > 0) return run;
  }
  throw new Error(`nothing was found in ${enough} seeds`);
}

/** Clients that are sound but for what is put in the place of some of their methods. */
function clients(defect: (sound: Client, options: ClientOptions) => Partial<Client>): SimulateOptions {
  return {
    createClient: (options) => {
      const sound = createClient(options);
      return {
        state: sound.state,
        stopped: sound.stopped,
        pushed: sound.pushed,
        receive: (...args) => sound.receive(...args),
        read: (...args) => sound.read(...args),
        publish: (...args) => sound.publish(...args),
        cancel: (...args) => sound.cancel(...args),
        close: () => sound.close(),
        ...defect(sound, options),
      };
    },
  };
}

/** Clients whose readers that are pushed to get something else than what came. */
function readers(defect: (chunks: Observable<Chunk>) => Observable<Chunk>): SimulateOptions {
  return clients((sound) => ({ receive: (...args) => defect(sound.receive(...args)) }));
}

/** Gateways with something else between them and their links. */
function gateways(
  defect: {
    readonly hears?: (frame: ClientFrame) => readonly ClientFrame[];
    readonly says?: (frame: OutgoingFrame) => readonly OutgoingFrame[];
    readonly hearsEnd?: boolean;
  },
  make: (options: GatewayOptions) => Gateway = createGateway,
): SimulateOptions {
  const { hears = (frame) => [frame], says = (frame) => [frame], hearsEnd = true } = defect;
  return {
    createGateway: (options) => {
      const sound = make(options);
      const accept: Gateway['accept'] = (link, peer) => {
        const events = sound.accept(
          {
            send: (frames) => link.send(frames.flatMap(says)),
            close: (code, reason) => link.close(code, reason),
            get writable() {
              return link.writable;
            },
          },
          peer,
        );
        return {
          frames: (frames) =>
            events.frames(frames.flatMap((frame) => ('t' in frame ? hears(frame as ClientFrame) : [frame]))),
          drained: () => events.drained(),
          closed: (code, reason) => (hearsEnd ? events.closed(code, reason) : undefined),
        };
      };
      return {
        streams: sound.streams,
        accept,
        connections: () => sound.connections(),
        send: (...args) => sound.send(...args),
        broadcast: (...args) => sound.broadcast(...args),
        disconnect: (...args) => sound.disconnect(...args),
        events: sound.events,
        load: () => sound.load(),
        get state() {
          return sound.state;
        },
        drain: (...args) => sound.drain(...args),
        suspend: (...args) => sound.suspend(...args),
        resume: () => sound.resume(),
        close: () => sound.close(),
      };
    },
  };
}

/** Clients to whom the server's words come changed. */
function misled(defect: (frame: ServerFrame) => ServerFrame): SimulateOptions {
  return {
    createClient: (options) =>
      createClient({
        ...options,
        transport: {
          connect: (events) =>
            options.transport.connect({
              opened: () => events.opened(),
              frames: (frames) =>
                events.frames(frames.map((frame) => ('t' in frame ? defect(frame as ServerFrame) : frame))),
              drained: () => events.drained(),
              closed: (code, reason) => events.closed(code, reason),
            }),
        },
      }),
  };
}

const loseChunk = readers((chunks) => chunks.pipe(filter(({ seq }) => seq !== 2)));

describe('simulate', () => {
  for (let from = 0; from < seeds; from += seedsAtOnce) {
    it(`finds nothing wrong with seeds ${from} to ${from + seedsAtOnce - 1}`, async () => {
      for (let seed = from; seed < from + seedsAtOnce; seed++) {
        const run = await simulate(seed);
        if (run.findings.length > 0) throw new Error(run.report());
      }
    });
  }

  it('runs the same seed the same way', async () => {
    const [one, other] = [await simulate(1, loseChunk), await simulate(1, loseChunk)];
    expect(one.findings).not.toEqual([]);
    expect(other.findings).toEqual(one.findings);
    expect(other.figures).toEqual(one.figures);
    expect(other.report()).toBe(one.report());
  });

  it('says what a run amounted to', async () => {
    const { seed, figures } = await simulate(3);
    expect(seed).toBe(3);
    for (const figure of Object.values(figures)) expect(figure).toBeGreaterThan(0);
  });

  it.each([-1, 0.5, '1'])('refuses the seed %s', async (seed) => {
    await expect(simulate(seed as number)).rejects.toThrow(/^seed must be a/);
  });

  describe('sees', () => {
    it.each<[string, SimulateOptions, RegExp]>([
      ['a chunk that is lost', loseChunk, /(?:got chunk 3 and not|ended without) chunk 2$/],
      [
        'a chunk that comes twice',
        readers(concatMap((chunk) => (chunk.seq === 4 ? of(chunk, chunk) : of(chunk)))),
        /got chunk 4 again$/,
      ],
      ['chunks that change places', readers(swapped), /got chunk 3 and not chunk 2$/],
      ['a chunk that is altered', readers(map((chunk) => ({ ...chunk, timestamp: chunk.timestamp + 1 }))), /altered$/],
      ['a reader that never ends', readers((chunks) => concat(chunks, NEVER)), /hangs: it waits for/],
      ['a reader that ends too soon', readers(take(3)), /ended with(?:out chunk| completed, the stream)/],
      [
        'a failure that is kept quiet',
        readers(catchError(() => EMPTY)),
        /ended with completed, the stream (?:stream-|goes on)/,
      ],
      ['a reader that gets nothing', readers(() => NEVER), /hangs: it waits for/],
    ])('%s', sees);

    it.each<[string, SimulateOptions, RegExp]>([
      [
        'an acknowledgement without a log',
        clients(() => ({ publish: async () => ({ next: Infinity }) })),
        /was acknowledged and is not in the log$/,
      ],
      [
        'a call that is never answered',
        clients(() => ({ publish: () => new Promise(() => {}) })),
        /waits for an answer since/,
      ],
      [
        'an answer that is no answer',
        clients(() => ({ publish: () => Promise.reject(new Error('no')) })),
        /was refused with internal: no$/,
      ],
      [
        'a writer beyond its window',
        misled((frame) => (frame.t === 'welcome' ? { ...frame, window: { chunks: 1000, bytes: 1e9 } } : frame)),
        /chunks on their way, and its window is/,
      ],
      ['a log that keeps a chunk twice', { createGateway: forgetful }, /the log keeps chunk \d+ once more, as/],
    ])('%s', sees);

    it.each<[string, SimulateOptions, RegExp]>([
      [
        'chunks that nobody gave credit for',
        gateways({ hears: (frame) => [frame.t === 'subscribe' ? { ...frame, chunks: 1e6, bytes: 1e9 } : frame] }),
        /without credit: sent \d+ chunks/,
      ],
      [
        'a reader that takes more than its window',
        clients((sound) => ({
          receive: (stream, options) => sound.receive(stream, { ...options, window: { chunks: 4096, bytes: 1e9 } }),
          read: (stream, options) => sound.read(stream, { ...options, window: { chunks: 4096, bytes: 1e9 } }),
        })),
        /chunks wait for r\d\+?, and its window is/,
      ],
    ])('%s', sees);

    it.each<[string, SimulateOptions, RegExp]>([
      [
        'lost chunks that nobody repairs',
        gateways({ hears: (frame) => (frame.t === 'nack' ? [] : [frame]) }),
        /hangs: it waits for chunk/,
      ],
      [
        'an end that nobody tells',
        gateways({ says: (frame) => (frame.t === 'end' ? [] : [frame]) }),
        /hangs: it waits for chunk/,
      ],
      [
        'an acknowledgement that nobody tells',
        gateways({ says: (frame) => (frame.t === 'ack' ? [] : [frame]) }),
        /waits for an answer/,
      ],
      [
        'requests that nobody hears',
        gateways({ hears: (frame) => (frame.t === 'subscribe' ? [] : [frame]) }),
        /hangs: it waits for/,
      ],
    ])('%s', sees);

    it.each<[string, SimulateOptions, RegExp]>([
      [
        'a timer that is left',
        clients((sound, { scheduler }) => ({ close: () => leaveTimer(sound, scheduler) })),
        /timers run on after the end$/,
      ],
      ['a connection that is left', gateways({ hearsEnd: false }), /the server keeps \d connections$/],
      ['a listener that is left', { createGateway: deaf }, /the log keeps \d+ listeners$/],
      [
        'a link that is given up for no reason',
        { createClient: impatient },
        /lost a link that was whole: 4408 nothing heard/,
      ],
      ['work without end', { createClient: restless }, /something schedules without end/],
      ['a defect that is thrown', clients(() => ({ receive: () => thrower() })), /a defect was thrown: Error: boom/],
    ])('%s', sees);
  });

  it('tells of a failure: what was planned, what was seen, how to see it again, and the picture', async () => {
    const report = (await firstFailure(loseChunk)).report();
    const lines = report.split('\n');
    const { groups } = /^seed (?<seed>\d+): (?<reader>r\d\+?) (?:got chunk 3 and not|ended without) chunk 2$/.exec(
      lines[0]!,
    )!;
    const { seed, reader } = groups!;
    expect(report).toContain(`npm run simulate -- --seed ${seed}\n`);
    expect(report).toMatch(new RegExp(`^  reader ${reader!.replace('+', '\\+')} of c\\d from s\\d: `, 'm'));
    for (const label of [
      'ms',
      'w\\d[ab]? writes',
      'log keeps',
      'w\\d[ab]? hears',
      'to c\\d',
      'at c\\d',
      'r\\d\\+? gets',
      'seen',
    ]) {
      expect(report).toMatch(new RegExp(`^  ${label} +[-\\d]`, 'm'));
    }
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(160);
  });
});

async function sees(_: string, options: SimulateOptions, what: RegExp): Promise<void> {
  const run = await firstFailure(options);
  expect(run.findings[0]!.what).toMatch(what);
  expect(run.report()).toMatch(new RegExp(`^  npm run simulate -- --seed ${run.seed}$`, 'm'));
}

/** Chunks 2 and 3 the other way round. */
function swapped(chunks: Observable<Chunk>): Observable<Chunk> {
  let early: Chunk | undefined;
  return chunks.pipe(
    concatMap((chunk) => {
      if (chunk.seq === 2) early = chunk;
      if (chunk.seq === 2) return EMPTY;
      return chunk.seq === 3 && early !== undefined ? of(chunk, early) : of(chunk);
    }),
  );
}

/** A gateway over a log that takes no notice of who appends. */
function forgetful(options: GatewayOptions): Gateway {
  const { streams } = options;
  return createGateway({
    ...options,
    streams: {
      ...streams,
      append: (stream, batch, { close } = {}) => streams.append(stream, batch, close === undefined ? {} : { close }),
      create: (...args) => streams.create(...args),
      cancel: (...args) => streams.cancel(...args),
      info: (...args) => streams.info(...args),
    },
  });
}

/** A gateway that listens to the log for ever. */
function deaf(options: GatewayOptions): Gateway {
  const { streams } = options;
  const log = {
    ...streams.log,
    watch: (stream: string, listener: () => void) => {
      streams.log.watch(stream, listener);
      return () => {};
    },
  };
  return createGateway({
    ...options,
    streams: {
      ...streams,
      log,
      append: (...args) => streams.append(...args),
      create: (...args) => streams.create(...args),
      cancel: (...args) => streams.cancel(...args),
      info: (...args) => streams.info(...args),
    },
  });
}

function leaveTimer(sound: Client, scheduler: ClientOptions['scheduler']): void {
  sound.close();
  interval(1000, scheduler).subscribe();
}

/** A client that asks for signs of life, and does not take them for any. */
function impatient(options: ClientOptions): Client {
  const { transport } = options;
  return createClient({
    ...options,
    transport: {
      connect: (events) =>
        transport.connect({
          opened: () => events.opened(),
          frames: (frames) => {
            const rest = frames.filter((frame) => !('t' in frame && frame.t === 'pong'));
            if (rest.length > 0) events.frames(rest);
          },
          drained: () => events.drained(),
          closed: (code, reason) => events.closed(code, reason),
        }),
    },
  });
}

/** A client that flushes again whenever it has flushed. */
function restless(options: ClientOptions): Client {
  const { defer } = options;
  const again = (work: () => void): void =>
    defer!(() => {
      work();
      again(work);
    });
  return createClient({ ...options, defer: again });
}

function thrower(): never {
  throw new Error('boom');
}
