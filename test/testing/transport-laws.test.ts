import { describe, expect, it } from 'vitest';
import { BadFrame, closeCodes, type OutgoingFrame } from '../../src/protocol/index.js';
import { type MakeTransport, type TransportUnderTest, transportLawsOf } from '../../src/testing/transport-laws.js';
import { createMemoryTransport, type Direction, type MemoryTransportOptions } from '../../src/transport/memory.js';
import type { ClientLinkEvents, Link, LinkAcceptor } from '../../src/transport/transport.js';

/** What is wrong with a transport that is otherwise the memory transport. */
interface Defect {
  options?: MemoryTransportOptions;
  /** Stands between the client's link and its events. */
  events?: (events: ClientLinkEvents) => ClientLinkEvents;
  /** Stands in front of the client's link. */
  link?: (link: Link, events: ClientLinkEvents) => Link;
  /** Stands in front of the server's side. */
  acceptor?: (acceptor: LinkAcceptor) => LinkAcceptor;
  subject?: Partial<TransportUnderTest>;
}

function defective({ options, events = same, link = same, acceptor = same, subject }: Defect): MakeTransport {
  return (accepting, highWaterMark) => {
    const transport = createMemoryTransport(acceptor(accepting), { highWaterMark, ...options });
    return {
      transport: { connect: (heard) => link(transport.connect(events(heard)), heard) },
      stall: (side) => {
        const direction: Direction = side === 'client' ? 'toClient' : 'toServer';
        transport.stall(direction);
        return () => transport.resume(direction);
      },
      cut: () => transport.cut(),
      close: () => {},
      ...subject,
    };
  };
}

const same = <T>(value: T): T => value;

/** A link with some of it replaced. */
function changed(link: Link, change: Partial<Link>): Link {
  return {
    send: (frames) => link.send(frames),
    close: (code, reason) => link.close(code, reason),
    get writable() {
      return link.writable;
    },
    ...change,
  };
}

/** Whether the law of that title finds the defect. */
async function finds(title: string, defect: Defect, patienceMs: number): Promise<boolean> {
  const laws = transportLawsOf(defective(defect), { patienceMs, slackBytes: 1 << 20 });
  const law = laws.find((candidate) => candidate.title.includes(title));
  if (law === undefined) throw new Error(`no law of the title "${title}"`);
  return law.check().then(
    () => false,
    () => true,
  );
}

/** Two client links whose frames go to the first one. */
function crossed(): Defect {
  let first: ClientLinkEvents | undefined;
  return {
    events: (events) => {
      first ??= events;
      const to = first;
      return { ...events, frames: (frames) => to.frames(frames) };
    },
  };
}

const defects: [string, string, Defect][] = [
  [
    'says that a link is open once',
    'opened within connect',
    {
      link: (link, events) => {
        events.opened();
        return link;
      },
    },
  ],
  ['says that a link is open once', 'never opened', { events: (events) => ({ ...events, opened: () => {} }) }],
  [
    'sends nothing before the link is open',
    'keeps what was sent early',
    {
      link: (link) => {
        let early: OutgoingFrame[] = [];
        return changed(link, {
          send: (frames) => {
            link.send([...early, ...frames]);
            early = [...frames];
          },
        });
      },
    },
  ],
  [
    'carries frames both ways',
    'splits messages',
    {
      events: (events) => ({ ...events, frames: (frames) => frames.forEach((frame) => events.frames([frame])) }),
    },
  ],
  [
    'carries frames both ways',
    'brings messages out of order',
    { options: { faults: { toServer: { reordering: (n) => n === 3, reorderMs: [50, 50] } } } },
  ],
  ['carries frames both ways', 'loses a message', { options: { faults: { toClient: { loss: (n) => n === 50 } } } }],
  [
    'carries bytes raw',
    'changes a byte',
    {
      events: (events) => ({
        ...events,
        frames: (frames) => {
          for (const frame of frames) if ('chunks' in frame) (frame.chunks[0]!.data as Uint8Array)[0] = 9;
          events.frames(frames);
        },
      }),
    },
  ],
  [
    'hands up a frame that cannot be read',
    'drops bad frames',
    {
      events: (events) => ({
        ...events,
        frames: (frames) => events.frames(frames.filter((frame) => !(frame instanceof BadFrame))),
      }),
    },
  ],
  [
    'a message from the client is no sequence',
    'passes over malformed messages',
    {
      link: (link) => changed(link, { send: (frames) => link.send(frames.filter((frame) => !Array.isArray(frame))) }),
    },
  ],
  [
    'a message from the server is no sequence',
    'calls it another name',
    { events: (events) => ({ ...events, closed: (_, reason) => events.closed(closeCodes.internal, reason) }) },
  ],
  [
    "tells both sides the client's close code",
    'ends within close',
    {
      link: (link, events) =>
        changed(link, {
          close: (code, reason) => {
            events.closed(code, reason);
            link.close(code, reason);
          },
        }),
    },
  ],
  [
    "tells both sides the server's close code",
    'loses the reason',
    { events: (events) => ({ ...events, closed: (code) => events.closed(code, '') }) },
  ],
  [
    "tells both sides the server's close code",
    'ends twice',
    {
      events: (events) => ({
        ...events,
        closed: (code, reason) => {
          events.closed(code, reason);
          setTimeout(() => events.closed(code, reason), 5);
        },
      }),
    },
  ],
  [
    'closes with a reason of any length',
    'cuts a character in two',
    { events: (events) => ({ ...events, closed: (code, reason) => events.closed(code, reason.slice(0, 61)) }) },
  ],
  ['tells both sides 1006', 'does not notice', { subject: { cut: () => {} } }],
  [
    'does nothing when used after the end',
    'ends with the second code',
    {
      link: (link) => {
        let pending: [number, string] | undefined;
        return changed(link, {
          close: (...end) => {
            if (pending === undefined) setTimeout(() => link.close(...pending!), 5);
            pending = end;
          },
        });
      },
    },
  ],
  [
    'does nothing when used after the end',
    'speaks after the end',
    {
      events: (events) => ({
        ...events,
        closed: (code, reason) => {
          events.closed(code, reason);
          setTimeout(() => events.frames([{ t: 'pong', sent: [] }]), 5);
        },
      }),
    },
  ],
  ['keeps links apart', 'mixes them up', crossed()],
  [
    'is not writable while the server does not read',
    'is always writable',
    { link: (link) => changed(link, { writable: true }) },
  ],
  ['is not writable while the client does not read', 'holds without bound', { options: { highWaterMark: 1 << 30 } }],
  [
    'is not writable while the server does not read',
    'never says that it is writable again',
    { events: (events) => ({ ...events, drained: () => {} }) },
  ],
  [
    'is not writable while the client does not read',
    'loses what was held',
    {
      options: { faults: { toClient: { loss: (n) => n === 2 } } },
    },
  ],
];

describe('transportLaws', () => {
  it.each(defects)('%s: finds one that %s', async (title, _, defect) => {
    expect(await finds(title, {}, 10_000), 'the law fails without the defect').toBe(false);
    expect(await finds(title, defect, 150), 'the law passes with the defect').toBe(true);
  });

  it('lets everything go after each law, whatever its outcome', async () => {
    let closed = 0;
    const laws = transportLawsOf(defective({ subject: { close: () => void closed++ } }), { patienceMs: 150 });
    await Promise.allSettled(laws.map(async (law) => law.check()));
    expect(closed).toBe(laws.length);
  });
});
