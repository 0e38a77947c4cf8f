import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { ClientFrame, ServerFrame } from '../../src/protocol/index.js';
import { transportLaws } from '../../src/testing/transport-laws.js';
import { createMemoryTransport, type Direction, type MemoryTransportOptions } from '../../src/transport/memory.js';
import type { Link, LinkAcceptor } from '../../src/transport/transport.js';

transportLaws('memory', (acceptor, highWaterMark) => {
  const transport = createMemoryTransport(acceptor, { highWaterMark });
  return {
    transport,
    stall: (side) => {
      const direction: Direction = side === 'client' ? 'toClient' : 'toServer';
      transport.stall(direction);
      return () => transport.resume(direction);
    },
    cut: () => transport.cut(),
    close: () => {},
  };
});

/** A link under virtual time: what each side heard, with the millisecond. */
function stage(options: MemoryTransportOptions = {}) {
  const scheduler = new VirtualTimeScheduler();
  const log: string[] = [];
  const say = (who: string, what: string) => void log.push(`${scheduler.now()} ${who} ${what}`);
  const events = (who: string) => ({
    frames: (frames: readonly object[]) => say(who, frames.map(numberOf).join('+')),
    drained: () => say(who, 'drained'),
    closed: (code: number, reason: string) => say(who, `closed ${code} ${reason}`),
  });
  let server: Link | undefined;
  const acceptor: LinkAcceptor = {
    accept: (link) => {
      say('server', 'accepts');
      server = link;
      return events('server');
    },
  };
  const transport = createMemoryTransport(acceptor, { ...options, scheduler });
  const connect = () => transport.connect({ ...events('client'), opened: () => say('client', 'opened') });
  const run = () => {
    scheduler.flush();
    return log.splice(0);
  };
  return { scheduler, transport, connect, run, server: () => server! };
}

function numberOf(frame: object): string {
  const { sent, grants } = frame as { sent?: number[][]; grants?: number[][] };
  return `${(sent ?? grants)![0]![0]}`;
}

const ping = (n: number): ClientFrame<never> => ({ t: 'ping', grants: [[n, 0, 0]] });
const pong = (n: number): ServerFrame<never> => ({ t: 'pong', sent: [[n, 0]] });

/** An open link, with what the opening said left out. */
function openStage(options: MemoryTransportOptions = {}) {
  const made = stage(options);
  const client = made.connect();
  made.run();
  return { ...made, client, server: made.server() };
}

describe('createMemoryTransport', () => {
  it('opens a link, and says everything in a later turn', () => {
    const { connect, run, server } = stage();
    const client = connect();
    expect(run()).toEqual(['0 server accepts', '0 client opened']);
    client.send([ping(1)]);
    server().send([pong(1)]);
    client.close(1000, 'bye');
    expect(run()).toEqual(['0 server 1', '0 client closed 1000 bye', '0 server closed 1000 bye']);
  });

  it('fails to open a link while the server cannot be reached', () => {
    const { transport, connect, run } = stage();
    transport.reachable = false;
    connect();
    expect(run()).toEqual(['0 client closed 1006 the server cannot be reached']);
  });

  it('never bothers the server with a link that was given up', () => {
    const { connect, run } = stage({ faults: { toServer: { delayMs: [10, 10] } } });
    connect().close(1000, 'never mind');
    expect(run()).toEqual(['0 client closed 1000 never mind']);
  });

  it('tells the client of a server that refuses at once', () => {
    const scheduler = new VirtualTimeScheduler();
    const heard: unknown[] = [];
    const acceptor: LinkAcceptor = {
      accept: (link) => {
        link.close(4429, 'full');
        return { frames: () => {}, drained: () => {}, closed: (code) => void heard.push(`server ${code}`) };
      },
    };
    createMemoryTransport(acceptor, { scheduler }).connect({
      opened: () => void heard.push('opened'),
      frames: () => {},
      drained: () => {},
      closed: (code, reason) => void heard.push(`client ${code} ${reason}`),
    });
    scheduler.flush();
    expect(new Set(heard)).toEqual(new Set(['client 4429 full', 'opened', 'server 4429']));
    expect(heard).toHaveLength(3);
  });

  it('takes its time, within bounds, and keeps order', () => {
    // The way to the server takes 10 to 19 ms: 19 for the opening, then 19, 15 and 10.
    const draws = [0.99, 0.99, 0.5, 0];
    const { connect, run } = stage({ random: () => draws.shift()!, faults: { toServer: { delayMs: [10, 19] } } });
    const client = connect();
    expect(run()).toEqual(['19 server accepts', '19 client opened']);
    for (const n of [1, 2, 3]) client.send([ping(n)]);
    expect(run()).toEqual(['38 server 1', '38 server 2', '38 server 3']);
  });

  it('delays each direction for itself', () => {
    const { client, server, run } = openStage({ faults: { toClient: { delayMs: [5, 5] } } });
    client.send([ping(1)]);
    server.send([pong(2)]);
    expect(run()).toEqual(['5 server 1', '10 client 2']);
  });

  it('loses the messages a script names', () => {
    const { client, run } = openStage({ faults: { toServer: { loss: (message) => message === 1 } } });
    for (const n of [0, 1, 2]) client.send([ping(n)]);
    expect(run()).toEqual(['0 server 0', '0 server 2']);
  });

  it('loses the share of messages a probability says', () => {
    let seed = 1;
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const { client, run } = openStage({ random, faults: { toServer: { loss: 0.25 } } });
    for (let n = 0; n < 1000; n++) client.send([ping(n)]);
    const arrived = run().length;
    expect(arrived).toBeGreaterThan(680);
    expect(arrived).toBeLessThan(820);
  });

  it('brings messages twice', () => {
    const { client, run } = openStage({ faults: { toServer: { duplication: (message) => message === 0 } } });
    client.send([ping(0)]);
    client.send([ping(1)]);
    expect(run()).toEqual(['0 server 0', '0 server 0', '0 server 1']);
  });

  it('lets later messages overtake', () => {
    const faults = { toServer: { reordering: (message: number) => message === 0, reorderMs: [3, 3] as const } };
    const { client, run } = openStage({ faults });
    for (const n of [0, 1, 2]) client.send([ping(n)]);
    expect(run()).toEqual(['0 server 1', '0 server 2', '3 server 0']);
  });

  it('breaks with the message a script names: both sides hear 1006, what was under way is gone', () => {
    const faults = { toServer: { cut: (message: number) => message === 1 }, toClient: { delayMs: [5, 5] as const } };
    const { client, server, run } = openStage({ faults });
    server.send([pong(0)]);
    client.send([ping(0)]);
    client.send([ping(1)]);
    client.send([ping(2)]);
    expect(run()).toEqual(['5 client closed 1006 the connection broke', '5 server closed 1006 the connection broke']);
  });

  it('numbers messages across links, so that a script strikes once', () => {
    const { client, connect, run } = openStage({ faults: { toServer: { cut: (message) => message === 0 } } });
    client.send([ping(0)]);
    run();
    const again = connect();
    run();
    again.send([ping(1)]);
    expect(run()).toEqual(['0 server 1']);
  });

  it('swallows one direction from a message on, and tells neither side', () => {
    const { client, server, run } = openStage({ faults: { toServer: { halfOpen: (message) => message === 1 } } });
    for (const n of [0, 1, 2]) client.send([ping(n)]);
    server.send([pong(0)]);
    expect(run()).toEqual(['0 server 0', '0 client 0']);
    client.close(4408, 'silence');
    expect(run()).toEqual(['0 client closed 4408 silence']);
    server.send([pong(1)]);
    expect(run()).toEqual([]);
  });

  it('counts what is swallowed as under way: the link fills', () => {
    const { client, transport, run } = openStage({ highWaterMark: 200 });
    transport.swallow('toServer');
    for (let n = 0; n < 10; n++) client.send([ping(n)]);
    expect(client.writable).toBe(false);
    expect(run()).toEqual([]);
  });

  it('is full at the mark and drained at half of it', () => {
    const { client, run } = openStage({ highWaterMark: 100, faults: { toServer: { delayMs: [5, 5] } } });
    const size = JSON.stringify(ping(0)).length;
    const fit = Math.ceil(100 / size);
    for (let n = 0; n < fit; n++) {
      expect(client.writable).toBe(true);
      client.send([ping(n)]);
    }
    expect(client.writable).toBe(false);
    const heard = run();
    const left = fit - 1 - heard.indexOf('10 client drained');
    expect(left * size).toBeLessThanOrEqual(50);
    expect((left + 1) * size).toBeGreaterThan(50);
    expect(client.writable).toBe(true);
  });

  it('hands on what a stalled side held in front of what is under way', () => {
    const { client, server, transport, scheduler, run } = openStage({ faults: { toClient: { delayMs: [5, 5] } } });
    transport.stall('toClient');
    server.send([pong(1)]);
    server.send([pong(2)]);
    expect(run()).toEqual([]);
    transport.stall('toClient');
    server.send([pong(3)]);
    client.send([ping(1)]);
    scheduler.schedule(() => transport.resume('toClient'), 2);
    expect(run()).toEqual(['10 server 1', '12 client 1', '12 client 2', '15 client 3']);
  });

  it('refuses faults that are none, when it is made', () => {
    const make = (faults: unknown) => () =>
      createMemoryTransport({ accept: () => undefined as never }, { faults } as MemoryTransportOptions);
    expect(make({ toServer: { loss: 1.5 } })).toThrow(
      new RangeError('faults.toServer.loss must be a number of at least 0 and at most 1, got 1.5'),
    );
    expect(make({ toClient: { delayMs: 5 } })).toThrow(TypeError);
  });
});
