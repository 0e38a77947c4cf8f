import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ClientStage } from './stage.js';
import { createClient } from '../../src/client/index.js';
import type { ClientLinkEvents, ClientTransport, Link } from '../../src/transport/transport.js';
import { frameWords } from '../frame-words.js';
import { VirtualTime } from '../virtual-time.js';
import { welcome } from './recorder.js';

describe('createClient: its links', () => {
  /** A client over links in the test's hand, newest last. */
  function handmade() {
    const time = new VirtualTime();
    const links: { events: ClientLinkEvents; link: Link; said: string[]; end?: string; writable: boolean }[] = [];
    const transport: ClientTransport = {
      connect: (events) => {
        const made: (typeof links)[number] = {
          events,
          said: [],
          writable: true,
          link: {
            send: (frames) => void made.said.push(...frames.map(frameWords)),
            get writable() {
              return made.writable;
            },
            close: (code, reason) => {
              made.end = `${code} ${reason}`;
            },
          },
        };
        links.push(made);
        return made.link;
      },
    };
    const backoff = { minMs: 10, random: () => 1 };
    const client = createClient({ transport, scheduler: time, defer: time.defer, connectMs: 100, backoff });
    const states: string[] = [];
    client.state.subscribe((state) => states.push(state));
    return { time, links, client, states };
  }

  it('are heard until they are left, and no longer', async () => {
    const { time, links, client, states } = handmade();
    client.cancel('s');
    await time.pass(111);
    expect(links).toHaveLength(2);
    const [left, current] = links as [(typeof links)[0], (typeof links)[0]];
    expect(left.end).toBe('4408 connecting took too long');
    left.events.opened();
    left.events.frames([welcome]);
    left.events.drained();
    left.events.closed(1000, 'bye');
    expect(states).toEqual(['idle', 'connecting', 'waiting', 'connecting']);
    current.events.opened();
    current.events.frames([welcome]);
    left.events.drained();
    await time.pass(1);
    expect([left.said, current.said]).toEqual([[], ['cancel stream=s']]);
  });

  it('are sent no more than they take', async () => {
    const { time, links, client } = handmade();
    client.cancel('s');
    const [only] = links as [(typeof links)[0]];
    only.events.frames([welcome]);
    only.writable = false;
    await time.pass(1);
    client.cancel('t');
    await time.pass(1);
    expect(only.said).toEqual(['cancel stream=s']);
    only.writable = true;
    only.events.drained();
    expect(only.said).toEqual(['cancel stream=s', 'cancel stream=t']);
  });

  it('that have ended are not closed again', async () => {
    const { links, client } = handmade();
    client.cancel('s');
    const [only] = links as [(typeof links)[0]];
    only.events.frames([welcome]);
    only.events.closed(1001, '');
    client.close();
    expect(only.end).toBeUndefined();
  });

  it('are opened again at once when the client is told that the network is back, and no more once it is closed', async () => {
    const wake = new Subject<void>();
    const stage = new ClientStage({ client: { wake, backoff: { minMs: 10_000, random: () => 0.5 } } });
    stage.keep('s', 'a');
    expect(wake.observed).toBe(false);
    const { got } = stage.collect('s');
    await stage.time.pass(100);
    expect([got, wake.observed]).toEqual([['a'], true]);
    stage.stop();
    await stage.time.pass(100);
    stage.serve();
    stage.keep('s', 'b');
    await stage.time.pass(1000);
    expect(got).toEqual(['a']);
    wake.next();
    await stage.time.pass(100);
    expect(got).toEqual(['a', 'b']);
    stage.client.close();
    expect(wake.observed).toBe(false);
  });
});
