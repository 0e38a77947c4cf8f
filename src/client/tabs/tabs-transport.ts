import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { reportUnhandled } from '../../../operators/operate.js';
import { type EncodedChunk, kindOf } from '../../chunk/index.js';
import { type ClientFrame, connectionLost, goingAway, type OutgoingFrame } from '../../protocol/index.js';
import type { ClientLinkEvents, ClientTransport, Link } from '../../transport/transport.js';
import type { ReadClient } from '../read-client.js';
import { Hub } from './hub.js';
import {
  type LeaderMessage,
  type LinkMessage,
  listen,
  type LobbyMessage,
  say,
  type TabChannel,
  type TabChannelClass,
  type TabLocks,
} from './messages.js';

/** Options of {@link createTabsTransport}. */
export interface TabsTransportOptions {
  /** Name of what is shared: tabs of one origin that say the same share one connection. */
  readonly name: string;
  /** Makes the client that reads for all. Called in the tab that leads, and there once; it closes it in the end. */
  readonly client: () => ReadClient;
  /** Decides who leads. Default: the browser's `navigator.locks`. */
  readonly locks?: TabLocks;
  /** Carries what tabs say. Default: the browser's `BroadcastChannel`. */
  readonly BroadcastChannel?: TabChannelClass;
  /** Clock and timers. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** A transport over the connection that tabs share. */
export interface TabsTransport extends ClientTransport {
  /** Whether this tab holds the connection. */
  readonly leads: boolean;

  /** Ends every link of this tab. If it led, another tab leads. */
  close(): void;
}

/**
 * Shares one connection among the tabs of a browser: one of them leads and holds it, all read through that one, each as fast as it
 * likes. When the tab that leads is closed, crashes or is discarded, another takes over, and every reading goes on where it
 * was. For reading only: write over a connection of your own.
 *
 * @throws TypeError when the platform has no `BroadcastChannel` or no locks, and none is given
 *
 * @example
 * const transport = createTabsTransport({
 *   name: 'news',
 *   client: () => createReadClient({ transport: createWebSocketTransport({ url: location.origin }) }),
 * });
 * createReadClient({ transport }).receive('news').subscribe(show);
 */
export function createTabsTransport(options: TabsTransportOptions): TabsTransport {
  const { navigator } = globalThis as { navigator?: { readonly locks?: TabLocks } };
  return new SharedTransport({
    name: `${dialect}:${checkText('name', options.name)}`,
    client: options.client,
    locks: present('locks', options.locks ?? navigator?.locks),
    Channel: present(
      'BroadcastChannel',
      options.BroadcastChannel ?? (globalThis as { BroadcastChannel?: TabChannelClass }).BroadcastChannel,
    ),
    scheduler: options.scheduler ?? asyncScheduler,
  });
}

/** What tabs speak: those of a page that was loaded before an update, and speak another, share with their like. */
const dialect = 'sluice.tabs.1';

function checkText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(`${name} must be a string that is not empty, got ${kindOf(value)}`);
}

function present<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new TypeError(`${name} must be given: this platform has none of its own`);
  return value;
}

interface Settings {
  readonly name: string;
  readonly client: () => ReadClient;
  readonly locks: TabLocks;
  readonly Channel: TabChannelClass;
  readonly scheduler: SchedulerLike;
}

class SharedTransport implements TabsTransport {
  /** Where all hear who leads, and who leads hears who wants a link. */
  readonly #lobby: TabChannel;
  readonly #links = new Set<TabLink>();
  readonly #leaving = new AbortController();
  #hub: Hub | undefined;
  #resign = (): void => {};

  constructor(private readonly settings: Settings) {
    const { Channel, name, locks } = settings;
    this.#lobby = new Channel(name);
    listen<LobbyMessage>(this.#lobby, (message) => this.#heed(message));
    const lead = (): Promise<void> => {
      this.#lead();
      return new Promise((resolve) => (this.#resign = resolve));
    };
    // Whoever asks waits in line, as long as its tab lives; it is refused only by `close`.
    locks.request(name, { signal: this.#leaving.signal }, lead).catch((error: unknown) => {
      if (!this.#leaving.signal.aborted) reportUnhandled(error);
    });
  }

  get leads(): boolean {
    return this.#hub !== undefined;
  }

  #lead(): void {
    this.#hub = new Hub(this.settings.client(), this.settings.Channel, this.settings.scheduler);
    const message: LobbyMessage = { leads: crypto.randomUUID() };
    say(this.#lobby, message);
    // A channel does not hear itself.
    this.#heed(message);
  }

  #heed(message: LobbyMessage): void {
    if ('opens' in message) this.#hub?.accept(message.opens);
    else for (const link of this.#links) link.led();
  }

  connect(events: ClientLinkEvents): Link {
    const name = `${this.settings.name}:${crypto.randomUUID()}`;
    const knock = (): void => {
      const message: LobbyMessage = { opens: name };
      if (this.#hub === undefined) say(this.#lobby, message);
      else this.#heed(message);
    };
    const link: TabLink = new TabLink(new this.settings.Channel(name), events, knock, () => this.#links.delete(link));
    this.#links.add(link);
    return link;
  }

  close(): void {
    for (const link of this.#links) link.close(goingAway, 'this tab shares no more');
    this.#hub?.close();
    this.#hub = undefined;
    this.#lobby.close();
    this.#leaving.abort();
    this.#resign();
  }
}

/** One link of this tab to whoever leads. */
class TabLink implements Link {
  readonly writable = true;
  #opened = false;
  #over = false;

  readonly #channel: TabChannel;
  readonly #events: ClientLinkEvents;
  readonly #knock: () => void;
  readonly #gone: () => void;

  constructor(channel: TabChannel, events: ClientLinkEvents, knock: () => void, gone: () => void) {
    this.#channel = channel;
    this.#events = events;
    this.#knock = knock;
    this.#gone = gone;
    listen<LeaderMessage>(channel, (message) => this.#hear(message));
    knock();
  }

  /** Another tab leads from now on. */
  led(): void {
    if (this.#opened) this.#end(connectionLost, 'another tab leads');
    else this.#knock();
  }

  #hear(message: LeaderMessage): void {
    if (this.#over) return;
    if ('closed' in message) return this.#end(message.closed.code, message.closed.reason);
    if (!this.#opened) {
      this.#opened = true;
      this.#events.opened();
    }
    this.#events.frames(message.frames);
  }

  send(frames: readonly OutgoingFrame[]): void {
    if (!this.#opened || this.#over || frames.length === 0) return;
    // A client's own frames: servers have other links.
    this.#post({ frames: frames as readonly ClientFrame<EncodedChunk>[] });
  }

  #post(message: LinkMessage): void {
    say(this.#channel, message);
  }

  close(code: number, reason: string): void {
    if (this.#over) return;
    this.#post({ closed: true });
    this.#over = true;
    // Told in a later turn, for the caller is not done yet.
    queueMicrotask(() => this.#finish(code, reason));
  }

  #end(code: number, reason: string): void {
    this.#over = true;
    this.#finish(code, reason);
  }

  #finish(code: number, reason: string): void {
    this.#gone();
    this.#channel.close();
    this.#events.closed(code, reason);
  }
}
