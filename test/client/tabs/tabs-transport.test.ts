import { config } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type Client,
  createClient,
  createReadClient,
  type ReceiveOptions,
  withToken,
} from '../../../src/client/index.js';
import { createTabsTransport, type TabsTransport } from '../../../src/client/tabs/index.js';
import { ClientStage, type ClientStageOptions } from '../stage.js';
import { FakeBrowser } from './browser.js';

/** A tab of a browser: its client reads over the connection that all tabs share. */
interface Tab {
  readonly transport: TabsTransport;
  readonly client: Client;
  readonly crash: () => void;
  /** What a reader of a stream was given, as text, and how it ended. */
  read(streamId: string, options?: ReceiveOptions): string[];
}

class TabsStage extends ClientStage {
  private readonly browser = new FakeBrowser((work) => void this.time.schedule(work));
  /** How many connections the server has. */
  get connections(): number {
    return this.gateway!.connections().length;
  }

  tab(): Tab {
    const { crash, ...platform } = this.browser.tab();
    const leaders: Client[] = [];
    const transport = createTabsTransport({
      name: 'test',
      client: () => {
        leaders.push(this.another());
        return leaders.at(-1)!;
      },
      scheduler: this.time,
      ...platform,
    });
    const client = createClient({
      transport,
      scheduler: this.time,
      defer: this.time.defer,
      backoff: { random: () => 0.5 },
    });
    return {
      transport,
      client,
      // A tab that is gone takes its connection with it.
      crash: () => {
        crash();
        for (const leader of leaders) leader.close();
      },
      read: (streamId, options) => this.collect(streamId, options, client).got,
    };
  }
}

const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => String(from + i));

describe('createTabsTransport', () => {
  const stages: TabsStage[] = [];
  const stage = (options?: ClientStageOptions): TabsStage => {
    stages.push(new TabsStage(options));
    return stages.at(-1)!;
  };
  afterEach(() => {
    for (const { gateway } of stages.splice(0)) gateway?.close();
  });
  const publish = (to: TabsStage, from: number, count: number) => to.keep('s', ...numbers(from, from + count));

  it('lets three tabs read one stream over one connection', async () => {
    const made = stage();
    publish(made, 0, 10);
    const tabs = [made.tab(), made.tab(), made.tab()];
    const told = tabs.map((tab) => tab.read('s'));
    await made.time.pass(1000);
    publish(made, 10, 5);
    await made.time.pass(1000);
    for (const one of told) expect(one).toEqual(numbers(0, 15));
    expect(made.connections).toBe(1);
    expect(tabs.map(({ transport }) => transport.leads)).toEqual([true, false, false]);
    made.end('s');
    await made.time.pass(1000);
    for (const one of told) expect(one).toEqual([...numbers(0, 15), 'completed']);
  });

  it('goes on in every tab when the one that leads is gone, without a lost or doubled chunk', async () => {
    const made = stage();
    publish(made, 0, 400);
    const tabs = [made.tab(), made.tab(), made.tab()];
    const told = tabs.map((tab) => tab.read('s'));
    await made.time.pass(500);
    for (let at = 0; at < 3; at++) {
      publish(made, 400 + at * 50, 25);
      if (at < 2) tabs[at]!.crash();
      publish(made, 425 + at * 50, 25);
      await made.time.pass(2000);
      expect(made.connections).toBe(1);
    }
    expect(told[2]).toEqual(numbers(0, 550));
    expect(told[1]).toEqual(numbers(0, told[1]!.length));
    expect(tabs[2]!.transport.leads).toBe(true);
  });

  it('lets another tab lead when the one that leads leaves in good order', async () => {
    const made = stage();
    const [first, second] = [made.tab(), made.tab()];
    const told = second.read('s', { from: 0 });
    publish(made, 0, 3);
    first.read('s');
    await made.time.pass(1000);
    first.transport.close();
    first.client.close();
    await made.time.pass(1000);
    publish(made, 3, 3);
    await made.time.pass(1000);
    expect(told).toEqual(numbers(0, 6));
    expect([first.transport.leads, second.transport.leads]).toEqual([false, true]);
  });

  it('lets who waits in line leave it', async () => {
    const made = stage();
    const [first, second, third] = [made.tab(), made.tab(), made.tab()];
    await made.time.pass(10);
    second.transport.close();
    first.crash();
    await made.time.pass(10);
    expect([second.transport.leads, third.transport.leads]).toEqual([false, true]);
  });

  it('serves each tab from where it begins, and as fast as it takes', async () => {
    const made = stage();
    publish(made, 0, 3000);
    const [ahead, behind, late] = [made.tab(), made.tab(), made.tab()];
    const told = ahead.read('s');
    const slow = behind.client.read('s', { window: { chunks: 8, bytes: 1 << 20 } });
    const taken: string[] = [];
    const take = async (count: number) => {
      for (let i = 0; i < count; i++) taken.push(String((await made.time.until(slow.next())).value!.data));
    };
    await take(3);
    await made.time.pass(5000);
    // Who takes nothing holds up nobody.
    expect(told).toEqual(numbers(0, 3000));
    const from = late.read('s', { from: 1500 });
    await made.time.pass(3000);
    expect(from).toEqual(numbers(1500, 3000));
    await take(100);
    expect(taken).toEqual(numbers(0, 103));
    publish(made, 3000, 10);
    await made.time.pass(3000);
    expect(told).toEqual(numbers(0, 3010));
    expect(from).toEqual(numbers(1500, 3010));
    // Who is far behind is read for over a connection of its own, until it has caught up.
    expect(made.connections).toBe(2);
    await take(2907);
    expect(taken).toEqual(numbers(0, 3010));
    await made.time.pass(1000);
    expect(made.connections).toBe(1);
    await slow.return!();
  });

  it('begins at what comes now', async () => {
    const made = stage();
    publish(made, 0, 12);
    const [one, two] = [made.tab(), made.tab()];
    const whole = one.read('s', { from: 'snapshot' });
    const now = two.read('s', { from: 'now' });
    await made.time.pass(1000);
    publish(made, 12, 2);
    await made.time.pass(1000);
    expect([whole, now]).toEqual([numbers(0, 14), numbers(12, 14)]);
    made.end('s');
    await made.time.pass(1000);
    expect([whole.at(-1), now.at(-1)]).toEqual(['completed', 'completed']);
    const late = two.read('s', { from: 'now' });
    await made.time.pass(1000);
    expect(late).toEqual(['completed']);
  });

  it('sends nothing before it is opened, and nothing at all when there is nothing', async () => {
    const made = stage();
    const { transport } = made.tab();
    const heard: string[] = [];
    const events = { opened: () => heard.push('opened'), frames: () => heard.push('frames'), drained: () => {} };
    const link = transport.connect({ ...events, closed: (code) => heard.push(`closed ${code}`) });
    link.send([{ t: 'ping', grants: [] }]);
    await made.time.pass(10);
    link.send([]);
    await made.time.pass(10);
    expect([heard, link.writable]).toEqual([['opened', 'frames'], true]);
    link.close(1000, '');
    link.close(1000, '');
    link.send([{ t: 'ping', grants: [] }]);
    await made.time.pass(10);
    expect(heard).toEqual(['opened', 'frames', 'closed 1000']);
  });

  it('lets a tab read a stream anew that it had left before anything came', async () => {
    const made = stage();
    publish(made, 0, 3);
    const tab = made.tab();
    const { subscription } = made.collect('s', { from: 'now' }, tab.client);
    await made.time.pass(1);
    subscription.unsubscribe();
    const told = tab.read('s', { from: 1 });
    await made.time.pass(1000);
    expect(told).toEqual(numbers(1, 3));
  });

  it('says what is no longer kept', async () => {
    const made = stage({ log: { maxChunks: 5 } });
    publish(made, 0, 12);
    const tab = made.tab();
    const told = [tab.read('s', { from: 2 }), tab.read('other', { from: 'now' })];
    await made.time.pass(1000);
    expect(told).toEqual([['failed gap'], ['failed stream-not-found']]);
    const lenient = tab.read('s', { from: 2, onGap: 'skip' });
    await made.time.pass(1000);
    expect(lenient).toEqual(numbers(7, 12));
    expect([tab.read('unknown'), await made.time.pass(1000)][0]).toEqual(['failed stream-not-found']);
  });

  it('ends a stream for everybody, and hears what the server says beside all streams', async () => {
    const made = stage();
    publish(made, 0, 1);
    const [one, two] = [made.tab(), made.tab()];
    const told = one.read('s');
    const pushed: unknown[] = [];
    two.client.pushed.subscribe((data) => pushed.push(data));
    two.read('s');
    await made.time.pass(1000);
    made.gateway!.broadcast({ note: 1 });
    two.client.cancel('s', 'enough');
    await made.time.pass(1000);
    expect(told).toEqual(['0', 'failed stream-cancelled']);
    expect(pushed).toEqual([{ note: 1 }]);
  });

  it('lets a tab say who it is: all read as who leads', async () => {
    const made = stage();
    publish(made, 0, 3);
    const { transport } = made.tab();
    const { time } = made;
    const client = createReadClient({
      transport: withToken(transport, () => 'secret', time),
      scheduler: time,
      defer: time.defer,
    });
    const { got } = made.collect('s', {}, client);
    await time.pass(1000);
    expect(got).toEqual(numbers(0, 3));
    client.close();
  });

  it('is for reading only, and says so', async () => {
    const made = stage();
    const tab = made.tab();
    const written = tab.client.publish('s', []);
    await expect(made.time.until(written)).rejects.toThrow('for reading: write over one of your own');
  });

  it('lets go of a tab that is heard of no more, and of streams that nobody reads', async () => {
    const made = stage();
    publish(made, 0, 1);
    const [leader, other] = [made.tab(), made.tab()];
    leader.read('t');
    made.keep('t', 'x');
    const { subscription } = made.collect('s', {}, other.client);
    await made.time.pass(1000);
    expect(made.reading()).toEqual(['t 1', 's 1']);
    other.crash();
    await made.time.pass(100_000);
    expect(made.reading()).toEqual(['t 1', 's 1']);
    await made.time.pass(50_000);
    expect(made.reading()).toEqual(['t 1']);
    subscription.unsubscribe();
  }, 60_000);

  it('needs what browsers have, and a name', () => {
    const client = () => createClient({ transport: { connect: () => undefined as never } });
    // Node has locks from version 24 on.
    vi.stubGlobal('navigator', {});
    try {
      expect(() => createTabsTransport({ name: 'x', client })).toThrow('locks must be given: this platform has none');
    } finally {
      vi.unstubAllGlobals();
    }
    expect(() => createTabsTransport({ name: '', client })).toThrow('name must be a string that is not empty');
  });

  it('reports a client that cannot be made', async () => {
    const made = stage();
    const { crash: _crash, ...platform } = new FakeBrowser((work) => void made.time.schedule(work)).tab();
    const unhandled: unknown[] = [];
    config.onUnhandledError = (error) => unhandled.push(error);
    try {
      const client = () => {
        throw new TypeError('no url');
      };
      createTabsTransport({ name: 'x', client, scheduler: made.time, ...platform });
      await made.time.pass(10);
      await new Promise((resolve) => setTimeout(resolve));
    } finally {
      config.onUnhandledError = null;
    }
    expect(unhandled).toEqual([new TypeError('no url')]);
  });
});
