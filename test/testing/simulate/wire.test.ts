import { describe, expect, it } from 'vitest';
import type { ClientFrame, ServerFrame } from '../../../src/protocol/index.js';
import { Random } from '../../../src/testing/simulate/random.js';
import type { Rates } from '../../../src/testing/simulate/scenario.js';
import { VirtualTime } from '../../../src/testing/simulate/virtual-time.js';
import { Wire } from '../../../src/testing/simulate/wire.js';
import { createMemoryTransport } from '../../../src/transport/memory.js';
import type { Link, LinkAcceptor } from '../../../src/transport/transport.js';

const calm: Rates = {
  loss: 0,
  duplication: 0,
  reordering: 0,
  reorderMs: [10, 10],
  delayMs: [2, 2],
  cut: 0,
  halfOpen: 0,
};
const ping = (n: number): ClientFrame<never> => ({ t: 'ping', grants: [[n, 0, 0]] });
const pong: ServerFrame<never> = { t: 'pong', sent: [] };

/** One watched link, open, with these rates towards the server until 100 ms. */
async function stage(rates: Partial<Rates> = {}) {
  const time = new VirtualTime(1000);
  const heard: string[] = [];
  const hear =
    (who: string) =>
    (...args: unknown[]): void =>
      void heard.push(`${who} ${args.slice(0, -1).join('/')}`);
  const wire = new Wire(() => time.now(), {
    clientHears: hear('client hears'),
    clientSays: hear('client says'),
    clientLoses: (...args) => void heard.push(`client loses ${args.join('/')}`),
    serverHears: hear('server hears'),
    serverSays: hear('server says'),
  });
  let atServer: Link | undefined;
  const acceptor: LinkAcceptor = {
    accept: (link) => {
      atServer = link;
      return { frames: () => {}, drained: () => {}, closed: () => {} };
    },
  };
  const network = createMemoryTransport(wire.server(3, acceptor), {
    faults: { toServer: wire.faults({ ...calm, ...rates }, new Random(1), () => time.now() < 100) },
    random: new Random(2).next,
    scheduler: time,
  });
  const link = wire
    .client(3, network)
    .connect({ opened: () => {}, frames: () => {}, drained: () => {}, closed: () => {} });
  await time.run(10);
  return { time, wire, heard, link, server: () => atServer!, fates: () => fatesOf(wire) };
}

const fatesOf = ({ events }: Wire): string[] => events.flatMap((event) => (event.kind === 'sent' ? [event.fate] : []));

describe('Wire', () => {
  it('remembers when a link was asked for, opened and closed', async () => {
    const { time, wire, link } = await stage();
    link.close(1000, '');
    await time.run(20);
    expect(wire.events).toEqual([
      { kind: 'connects', at: 0, client: 3 },
      { kind: 'opened', at: 2, client: 3 },
      { kind: 'closed', at: 2, client: 3 },
    ]);
  });

  it('remembers every message, when it left and when it came', async () => {
    const { time, wire, link, server } = await stage();
    link.send([ping(1)]);
    server().send([pong]);
    await time.run(20);
    const messages = wire.events.filter((event) => 'frames' in event);
    expect(messages.map((event) => [event.kind, event.at, event.direction, event.frames])).toEqual([
      ['sent', 2, 'toServer', [ping(1)]],
      ['sent', 2, 'toClient', [pong]],
      ['arrived', 2, 'toClient', [pong]],
      ['arrived', 4, 'toServer', [ping(1)]],
    ]);
  });

  it('tells the listener at both ends', async () => {
    const { time, heard, link, server } = await stage();
    link.send([ping(1)]);
    server().send([pong]);
    await time.run(20);
    expect(heard).toEqual(['client says 3', 'server says 3/0', 'client hears 3', 'server hears 3/0']);
  });

  it.each([
    ['carried', {}],
    ['lost', { loss: 1 }],
    ['late', { reordering: 1 }],
    ['twice', { duplication: 1 }],
    ['cut', { cut: 1 }],
    ['void', { halfOpen: 1 }],
  ] as const)('knows that a message was %s', async (fate, rates) => {
    const { time, wire, link, fates } = await stage(rates);
    link.send([ping(1)]);
    await time.run(99);
    expect(fates()).toEqual([fate]);
    const arrivals = { carried: 1, lost: 0, late: 1, twice: 2, cut: 0, void: 0 }[fate];
    expect(wire.events.filter(({ kind }) => kind === 'arrived')).toHaveLength(arrivals);
  });

  it('knows that a closed link carries nothing', async () => {
    const { link, fates } = await stage();
    link.close(1000, '');
    link.send([ping(1)]);
    expect(fates()).toEqual(['void']);
  });

  it('spares messages once it is calm', async () => {
    const { time, link, fates } = await stage({ loss: 1 });
    await time.run(99);
    link.send([ping(1)]);
    time.at(100, () => link.send([ping(2)]));
    await time.run(200);
    expect(fates()).toEqual(['lost', 'carried']);
  });

  it('tells the listener of a link that was open, since when it was asked for, and how it ended', async () => {
    const { time, heard, link } = await stage();
    link.close(4408, 'enough');
    await time.run(20);
    expect(heard).toEqual(['client loses 3/0/4408/enough']);
  });

  it('passes on whether a link takes more', async () => {
    const { link } = await stage();
    expect(link.writable).toBe(true);
  });
});
