import { css, LitElement, type PropertyValues } from 'lit';
import { Subscription } from 'rxjs';
import { type Chunk, StreamError } from '../chunk/index.js';
import type { Client, ConnectionState, ReceiveOptions } from '../client/index.js';
import { lendClient } from './shared-clients.js';

/** Where the reading of a component stands. `reconnecting`: the connection is lost, and comes back by itself. */
export type ReadingState = 'idle' | 'connecting' | 'live' | 'reconnecting' | 'completed' | 'failed' | 'cancelled';

/** How long a stream that is not there is left alone before it is asked for again, in milliseconds. */
const absentMs = 1500;

/** What components share that read a stream: where from, with what client, and how it stands. */
export abstract class StreamElement extends LitElement {
  static override properties: Record<string, object> = {
    src: {},
    client: { attribute: false },
    token: { attribute: false },
    state: { reflect: true },
    problem: { state: true },
  };

  /** Address of the server. Default: that of the page. */
  declare src: string;
  /** A client to read with, in place of the page's shared one. */
  declare client: Client | undefined;
  /** Who reads: a token that the server knows. To have it renewed, hand over a `client` that does. Default: none. */
  declare token: string;
  /** Where the reading stands. Read-only. */
  declare state: ReadingState;
  /** What is wrong, in words. */
  declare protected problem: string;

  private reading = new Subscription();
  private connection: ConnectionState = 'idle';
  /** The stream was not there when it was asked for last. */
  protected isAbsent = false;
  private absence: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.src = '';
    this.token = '';
    this.state = 'idle';
    this.problem = '';
  }

  /** The stream to read, or none. */
  protected abstract get wanted(): string | undefined;
  /** How it is read. */
  protected get receiving(): ReceiveOptions {
    return {};
  }
  /** Another reading begins. */
  protected abstract begun(): void;
  protected abstract took(chunk: Chunk): void;
  /** The reading is over. */
  protected ended(): void {}

  /** The names of properties beyond its own whose change begins another reading. */
  protected get turning(): readonly string[] {
    return [];
  }

  protected get server(): string {
    return new URL(this.src, globalThis.location.href).origin;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.reading.unsubscribe();
  }

  protected override updated(changed: PropertyValues): void {
    if (!['src', 'client', 'token', ...this.turning].some((name) => changed.has(name))) return;
    this.isAbsent = false;
    this.begin();
  }

  /** Reads anew. */
  protected begin(): void {
    this.reading.unsubscribe();
    this.reading = new Subscription();
    if (!this.isAbsent) this.problem = '';
    this.begun();
    const { wanted } = this;
    if (wanted === undefined) return this.turn('idle');
    this.turn('connecting');
    // One that holds nothing yet says nothing either.
    if (this.isAbsent) this.later(absentMs, () => this.found());
    try {
      this.read(wanted, this.reading);
    } catch (error) {
      this.fail(error);
    }
  }

  private read(streamId: string, reading: Subscription): void {
    const { client, done } = this.makeClient();
    reading.add(done);
    reading.add(client.state.subscribe((state) => this.connected(state)));
    reading.add(
      client.receive(streamId, this.receiving).subscribe({
        next: (chunk) => {
          this.found();
          this.took(chunk);
        },
        error: (error: unknown) => this.fail(error),
        complete: () => this.end('completed'),
      }),
    );
  }

  /** The client to read with, and what is to be done when it is not needed any more. */
  protected makeClient(): { readonly client: Client; readonly done: () => void } {
    if (this.client !== undefined) return { client: this.client, done: () => {} };
    const { client, giveBack } = lendClient(this.server, this.token);
    return { client, done: giveBack };
  }

  private connected(state: ConnectionState): void {
    if (this.isOver) return;
    const was = this.connection;
    this.connection = state;
    if (state === 'open') this.turn(this.isAbsent ? 'connecting' : 'live');
    else if (state === 'waiting' || (state === 'connecting' && (was === 'waiting' || was === 'open'))) {
      this.turn('reconnecting');
    }
  }

  protected get isOver(): boolean {
    return this.state === 'completed' || this.state === 'failed' || this.state === 'cancelled';
  }

  private fail(error: unknown): void {
    const { code, message } = error instanceof StreamError ? error : { code: 'internal', message: String(error) };
    this.problem = message;
    if (code === 'stream-not-found') return this.await();
    this.end(code === 'stream-cancelled' ? 'cancelled' : 'failed');
  }

  /** A stream that is not there may begin yet. */
  private await(): void {
    this.isAbsent = true;
    this.turn('connecting');
    this.later(absentMs, () => this.begin());
  }

  /** It is there after all. */
  private found(): void {
    if (!this.isAbsent) return;
    this.isAbsent = false;
    this.problem = '';
    this.connected(this.connection);
  }

  /** Does something later, in place of what was to be done before. */
  private later(ms: number, work: () => void): void {
    clearTimeout(this.absence);
    this.absence = setTimeout(work, ms);
    this.reading.add(() => clearTimeout(this.absence));
  }

  private end(state: 'completed' | 'failed' | 'cancelled'): void {
    this.turn(state);
    this.ended();
    this.dispatchEvent(
      new CustomEvent('sluice-end', { detail: { status: state, reason: this.problem }, bubbles: true, composed: true }),
    );
  }

  private turn(state: ReadingState): void {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent('sluice-state', { detail: { state }, bubbles: true, composed: true }));
  }
}

/** @internal How a state is said. */
export const stateWords: Readonly<Record<ReadingState, string>> = {
  idle: 'nothing chosen',
  connecting: 'connecting …',
  live: 'live',
  reconnecting: 'connection lost, coming back …',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

/**
 * @internal What all components share: their colours and fonts, each a custom property that a page may set, light or dark as the page's
 * `color-scheme` says.
 */
export const style = css`
  :host {
    --ink: var(--sluice-ink, light-dark(#1c2430, #e6e9ee));
    --soft: var(--sluice-soft, light-dark(#5b6675, #98a2b3));
    --line: var(--sluice-line, light-dark(#dfe3e9, #2b3340));
    --paper: var(--sluice-paper, light-dark(#ffffff, #171c24));
    --shade: var(--sluice-shade, light-dark(#f4f6f8, #1e242e));
    --accent: var(--sluice-accent, light-dark(#0b5cad, #6cb0f7));
    --well: var(--sluice-well, light-dark(#166a35, #4ade80));
    --ill: var(--sluice-ill, light-dark(#b42318, #f98078));
    --warm: var(--sluice-warm, light-dark(#8a5300, #f0b75e));
    --font: var(--sluice-font, system-ui, -apple-system, 'Segoe UI', sans-serif);
    --mono: var(--sluice-mono, ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace);
    --radius: var(--sluice-radius, 0.5rem);
    display: block;
    color: var(--ink);
    font: 0.9375rem/1.5 var(--font);
  }
  :host([hidden]) {
    display: none;
  }
  * {
    box-sizing: border-box;
  }
  button,
  input,
  textarea {
    font: inherit;
    color: inherit;
  }
  button {
    padding: 0.25rem 0.75rem;
    border: 1px solid var(--line);
    border-radius: calc(var(--radius) * 0.75);
    background: var(--paper);
    cursor: pointer;
  }
  button:hover:not(:disabled) {
    background: var(--shade);
  }
  button:disabled {
    color: var(--soft);
    cursor: default;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  bdi {
    overflow-wrap: anywhere;
  }
`;
