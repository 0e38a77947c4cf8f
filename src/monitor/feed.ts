import type { MonitorState } from './state.js';
import { monitorFormat, MonitorView } from './view.js';

/** @internal Where the page stands with its server. `refused`: it wants a token; `foreign`: it speaks another version. */
export type FeedState = 'connecting' | 'live' | 'reconnecting' | 'refused' | 'foreign';

/** @internal What a {@link MonitorFeed} needs of its page. */
export interface FeedOptions {
  /** The version the page belongs to. */
  readonly version: string;
  readonly fetch: (path: string, init: { headers: Record<string, string>; signal: AbortSignal }) => Promise<Response>;
  /** Something has changed. */
  readonly changed: () => void;
  readonly everyMs?: number;
}

/** How long an answer may take, in milliseconds. */
const patienceMs = 8000;
/** How long the page waits at most before it asks again. */
const maxWaitMs = 5000;

/** @internal Asks the server again and again how things stand, and says how it goes with that. */
export class MonitorFeed {
  readonly view = new MonitorView();
  state: FeedState = 'connecting';
  /** What the server answered when it refused. */
  problem = '';
  token = '';
  /** The stream whose readers are wanted. */
  stream: string | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private asking = false;
  private over = false;

  constructor(private readonly options: FeedOptions) {}

  /** Whether the server is of another version than the page. */
  get isOtherVersion(): boolean {
    const { version } = this.view;
    return this.state === 'foreign' || (version !== '' && version !== this.options.version);
  }

  /** Asks now. */
  async ask(): Promise<void> {
    if (this.asking || this.over) return;
    this.asking = true;
    const { token, stream } = this;
    clearTimeout(this.timer);
    try {
      await this.askOnce();
    } catch (error) {
      this.failures++;
      this.problem = (error as Error).message;
      this.state = this.state === 'connecting' ? 'connecting' : 'reconnecting';
      this.view.series.gap(Date.now());
    }
    this.asking = false;
    // What was said meanwhile, by whom and about what it is asked, has no answer yet.
    if (token !== this.token || stream !== this.stream) return await this.ask();
    this.options.changed();
    if (!this.over && this.state !== 'refused') this.timer = setTimeout(() => void this.ask(), this.waitMs);
  }

  private get waitMs(): number {
    return Math.min(maxWaitMs, (this.options.everyMs ?? 1000) * 2 ** Math.min(this.failures, 3));
  }

  private async askOnce(): Promise<void> {
    const { life, cursor } = this.view;
    const query = new URLSearchParams({ life, since: String(cursor) });
    if (this.stream !== undefined) query.set('stream', this.stream);
    const response = await this.options.fetch(`/monitor/state?${query}`, {
      headers: this.token === '' ? {} : { authorization: `Bearer ${this.token}` },
      signal: AbortSignal.timeout(patienceMs),
    });
    if (response.status === 401 || response.status === 403) return this.refuse(await wordsOf(response));
    if (!response.ok) throw new Error(`the server answers ${response.status}`);
    const state = (await response.json()) as MonitorState;
    this.failures = 0;
    this.problem = '';
    if (state.format !== monitorFormat) {
      this.state = 'foreign';
      this.view.version = state.version;
      return;
    }
    this.state = 'live';
    this.view.take(state);
  }

  private refuse(problem: string): void {
    this.state = 'refused';
    this.problem = problem;
  }

  /** Asks again with a token. */
  async signIn(token: string): Promise<void> {
    this.token = token;
    this.state = 'connecting';
    await this.ask();
  }

  stop(): void {
    this.over = true;
    clearTimeout(this.timer);
  }
}

async function wordsOf(response: Response): Promise<string> {
  try {
    const { message } = (await response.json()) as { message?: string };
    return message ?? '';
  } catch {
    return '';
  }
}
