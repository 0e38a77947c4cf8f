import type { TabChannel, TabChannelClass, TabLocks } from '../../../src/client/tabs/index.js';

/** What the tabs of one browser have in common: channels that carry copies, and locks that outlive nobody. */
export class FakeBrowser {
  private readonly channels = new Set<FakeChannel>();
  private readonly waiting: Waiting[] = [];
  private holder: Waiting | undefined;

  /** @param later - runs work in a turn of its own */
  constructor(readonly later: (work: () => void) => void) {}

  /** What one tab sees of it. `crash` ends the tab as a closed window does: nobody is told. */
  tab(): { readonly locks: TabLocks; readonly BroadcastChannel: TabChannelClass; readonly crash: () => void } {
    const { channels, later } = this;
    const own = new Set<FakeChannel>();
    const requests: Waiting[] = [];
    class Channel extends FakeChannel {
      constructor(name: string) {
        super(name, channels, later);
        own.add(this);
      }
    }
    const request: TabLocks['request'] = (_, { signal }, callback) =>
      new Promise((resolve, reject) => {
        const one: Waiting = { callback, resolve, reject };
        requests.push(one);
        this.waiting.push(one);
        signal.addEventListener('abort', () => {
          if (this.remove(one)) reject(signal.reason as Error);
        });
        this.later(() => this.grant());
      });
    const crash = (): void => {
      for (const channel of own) channel.die();
      for (const one of requests) {
        this.remove(one);
        if (this.holder === one) this.holder = undefined;
      }
      this.later(() => this.grant());
    };
    return { locks: { request }, BroadcastChannel: Channel, crash };
  }

  private remove(one: Waiting): boolean {
    const at = this.waiting.indexOf(one);
    if (at >= 0) this.waiting.splice(at, 1);
    return at >= 0;
  }

  private grant(): void {
    if (this.holder !== undefined) return;
    const next = this.waiting.shift();
    if (next === undefined) return;
    this.holder = next;
    const done = (): void => {
      if (this.holder === next) this.holder = undefined;
      this.later(() => this.grant());
    };
    new Promise<void>((resolve) => resolve(next.callback())).then(next.resolve, next.reject).finally(done);
  }
}

interface Waiting {
  readonly callback: () => Promise<void>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

class FakeChannel implements TabChannel {
  onmessage: ((event: never) => void) | null = null;
  private dead = false;

  constructor(
    private readonly name: string,
    private readonly all: Set<FakeChannel>,
    private readonly later: (work: () => void) => void,
  ) {
    all.add(this);
  }

  postMessage(message: unknown): void {
    if (this.dead) return;
    if (!this.all.has(this)) throw new Error('the channel is closed');
    const copy: unknown = structuredClone(message);
    for (const other of this.all) {
      if (other === this || other.name !== this.name) continue;
      this.later(() => this.all.has(other) && other.onmessage?.({ data: copy } as never));
    }
  }

  close(): void {
    this.all.delete(this);
  }

  /** Nothing is heard of it any more. */
  die(): void {
    this.dead = true;
    this.close();
  }
}
