import { css, html, LitElement, nothing } from 'lit';
import { defineComponents } from '../components/index.js';
import { style } from '../components/stream-element.js';
import { type FeedState, MonitorFeed } from './feed.js';
import { OverviewPanel } from './overview-panel.js';
import { type Place, readPlace, writePlace } from './place.js';
import { RowList } from './row-list.js';
import { SignIn } from './sign-in.js';
import { StreamPanel } from './stream-panel.js';
import { savedTheme, type Theme, themes, turnTheme } from './theme.js';
import { eventsOf, runOf } from '../run/names.js';
import { TimePlot } from './time-plot.js';
import { TroubleList } from './trouble-list.js';
import type { Wanted } from './view.js';
import { countWords } from './words.js';

const stateWords: Readonly<Record<FeedState, string>> = {
  connecting: 'connecting …',
  live: 'live',
  reconnecting: 'connection lost, coming back …',
  refused: 'not signed in',
  foreign: 'another version',
};

/** What the lists can be narrowed down to, and how it is called. */
const wantedWords = {
  streams: { all: 'All', live: 'Live', failed: 'Failed', ended: 'Ended' },
  runs: { all: 'All', live: 'Running or waiting', waiting: 'Waiting', failed: 'Failed or lost', ended: 'Ended' },
} as const satisfies Record<string, Partial<Record<Wanted, string>>>;

/** @internal The page: the lists of streams and runs, and what is chosen of them. */
export class SluiceMonitor extends LitElement {
  static override properties = {
    place: { state: true },
    kind: { state: true },
    filter: { state: true },
    wanted: { state: true },
    tick: { state: true },
    theme: { state: true },
  };

  static override styles = [
    style,
    css`
      :host {
        display: grid;
        grid-template: auto auto 1fr / 18.5rem 1fr;
        height: 100dvh;
        background: light-dark(#f7f8fa, #10141a);
      }
      .top {
        grid-column: 1 / -1;
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.375rem 1rem;
        padding: 0.625rem 1.25rem;
        border-bottom: 1px solid var(--line);
        background: var(--paper);
      }
      h1 {
        margin: 0;
        font-size: 1.0625rem;
        letter-spacing: 0.01em;
      }
      h1 a {
        color: inherit;
        text-decoration: none;
      }
      h1 span {
        color: var(--accent);
      }
      .state {
        color: var(--soft);
        font-size: 0.8125rem;
      }
      .state::before {
        content: '● ';
        color: var(--warm);
      }
      .state.live::before {
        color: var(--well);
      }
      .top .grow {
        flex: 1;
      }
      .version {
        color: var(--soft);
        font-size: 0.8125rem;
      }
      select {
        padding: 0.1875rem 0.5rem;
        border: 1px solid var(--line);
        border-radius: calc(var(--radius) * 0.75);
        background: var(--paper);
        color: inherit;
        font: inherit;
        font-size: 0.8125rem;
      }
      .banner {
        grid-column: 1 / -1;
        display: flex;
        align-items: center;
        gap: 1rem;
        margin: 0;
        padding: 0.5rem 1.25rem;
        background: color-mix(in srgb, var(--warm) 16%, var(--paper));
      }
      nav {
        grid-row: 3;
        display: grid;
        grid-template: auto auto 1fr / minmax(0, 1fr);
        min-height: 0;
        border-right: 1px solid var(--line);
        background: var(--paper);
      }
      main {
        grid-row: 3;
        min-width: 0;
        padding: 1.5rem clamp(1rem, 3vw, 2.5rem) 3rem;
        overflow-y: auto;
      }
      main:focus-visible {
        outline-offset: -2px;
      }
      .tabs {
        display: flex;
        gap: 0.25rem;
        padding: 0.75rem 0.75rem 0;
      }
      .tabs button {
        flex: 1;
        border-color: transparent;
        background: none;
        color: var(--soft);
        font-weight: 600;
        white-space: nowrap;
      }
      .tabs small {
        margin-left: 0.25rem;
        font-weight: 400;
        font-variant-numeric: tabular-nums;
      }
      .tabs button[aria-pressed='true'] {
        background: var(--shade);
        color: var(--ink);
      }
      .narrow {
        display: flex;
        gap: 0.375rem;
        margin: 0.625rem 0.75rem;
      }
      .narrow select {
        max-width: 7rem;
      }
      .search {
        flex: 1;
        padding: 0.3125rem 0.75rem;
        min-width: 0;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: light-dark(#f7f8fa, #10141a);
      }
      main > div {
        max-width: 68rem;
        margin: 0 auto;
      }
      @media (max-width: 44rem) {
        :host {
          grid-template: auto auto minmax(8rem, 32dvh) 1fr / 1fr;
        }
        nav {
          border-right: 0;
          border-bottom: 1px solid var(--line);
        }
        main {
          grid-row: 4;
        }
      }
    `,
  ];

  declare private place: Place;
  declare private kind: 'streams' | 'runs';
  declare private filter: string;
  declare private wanted: Wanted;
  declare private tick: number;
  declare private theme: Theme;

  private readonly feed = new MonitorFeed({
    version: document.querySelector<HTMLMetaElement>('meta[name=sluice-version]')?.content ?? '',
    fetch: (path, init) => fetch(path, init),
    changed: () => this.changed(),
  });

  private readonly turned = (): void => this.go();
  private readonly awake = (): void => void this.feed.ask();

  constructor() {
    super();
    this.place = { kind: 'overview' };
    this.kind = 'streams';
    this.filter = '';
    this.wanted = 'all';
    this.tick = 0;
    this.theme = savedTheme(localStorage);
    turnTheme(this.theme, document.documentElement, localStorage);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('hashchange', this.turned);
    addEventListener('online', this.awake);
    document.addEventListener('visibilitychange', this.awake);
    this.feed.token = sessionStorage.getItem('sluice-token') ?? '';
    this.go();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('hashchange', this.turned);
    removeEventListener('online', this.awake);
    document.removeEventListener('visibilitychange', this.awake);
    this.feed.stop();
  }

  /** Goes where the address says. */
  private go(): void {
    this.place = readPlace(location.hash);
    if (this.place.kind !== 'overview') this.turnTo(this.place.kind);
    this.feed.stream = this.place.kind === 'streams' ? this.place.id : undefined;
    document.title = this.place.kind === 'overview' ? 'sluice' : `${this.place.id} · sluice`;
    void this.feed.ask();
  }

  private changed(): void {
    this.tick++;
  }

  private choose(id: string): void {
    const run = this.kind === 'runs' ? runOf(id) : undefined;
    location.hash = writePlace(run === undefined ? { kind: 'streams', id } : { kind: 'runs', id: run });
  }

  private async signIn(token: string): Promise<void> {
    sessionStorage.setItem('sluice-token', token);
    await this.feed.signIn(token);
  }

  private turn(theme: Theme): void {
    this.theme = theme;
    turnTheme(theme, document.documentElement, localStorage);
    // Plots are painted anew in the other colours.
    this.tick++;
  }

  override render() {
    return html`${this.top()} ${this.banner()} ${this.lists()}
      <main tabindex="0">
        <div>${this.feed.state === 'refused' ? this.askForToken() : this.panel()}</div>
      </main>`;
  }

  private top() {
    const { state, view } = this.feed;
    return html`<div class="top" role="banner">
      <h1>
        <a href="#/"><span aria-hidden="true">≈</span> sluice</a>
      </h1>
      <span class="state ${state}" role="status">${stateWords[state]}</span>
      <span class="grow"></span>
      ${view.version === '' ? nothing : html`<span class="version">version ${view.version}</span>`}
      <select
        aria-label="Theme"
        .value=${this.theme}
        @change=${(event: Event) => this.turn((event.target as HTMLSelectElement).value as Theme)}
      >
        ${themes.map((theme) => html`<option value=${theme} ?selected=${theme === this.theme}>${theme}</option>`)}
      </select>
    </div>`;
  }

  private banner() {
    if (this.feed.state === 'reconnecting') {
      return html`<p class="banner" role="alert">The server cannot be reached: what is shown is what it said last.</p>`;
    }
    if (!this.feed.isOtherVersion) return nothing;
    return html`<p class="banner" role="alert">
      The server is of version ${this.feed.view.version || 'unknown'} now, and this page belongs to another.
      <button type="button" @click=${() => location.reload()}>Load it anew</button>
    </p>`;
  }

  private lists() {
    const { view } = this.feed;
    const list = (kind: 'streams' | 'runs') => view.list(kind, this.filter, this.wanted);
    const [streams, runs] = [list('streams'), list('runs')];
    const isRuns = this.kind === 'runs';
    return html`<nav aria-label="Streams and runs">
      <div class="tabs">${this.tab('streams', 'Streams', streams.length)} ${this.tab('runs', 'Runs', runs.length)}</div>
      <div class="narrow">
        <input
          class="search"
          type="search"
          placeholder="Filter by name"
          aria-label="Filter by name"
          .value=${this.filter}
          @input=${(event: Event) => (this.filter = (event.target as HTMLInputElement).value)}
        />
        <select
          aria-label="Filter by state"
          @change=${(event: Event) => (this.wanted = (event.target as HTMLSelectElement).value as Wanted)}
        >
          ${Object.entries(wantedWords[this.kind]).map(
            ([wanted, words]) => html`<option value=${wanted} ?selected=${wanted === this.wanted}>${words}</option>`,
          )}
        </select>
      </div>
      <row-list
        label=${isRuns ? 'Runs' : 'Streams'}
        .rows=${isRuns ? runs : streams}
        .chosen=${this.chosen}
        .now=${view.now}
        @choose=${(event: CustomEvent<string>) => this.choose(event.detail)}
      ></row-list>
    </nav>`;
  }

  private get chosen(): string | undefined {
    const { place } = this;
    if (place.kind === 'overview') return undefined;
    return place.kind === 'runs' ? eventsOf(place.id) : place.id;
  }

  private tab(kind: 'streams' | 'runs', name: string, count: number) {
    return html`<button type="button" aria-pressed=${this.kind === kind} @click=${() => this.turnTo(kind)}>
      ${name} <small>${countWords(count)}</small>
    </button>`;
  }

  /** Turns to a list; to another one as a whole, unless something of it is wanted. */
  private turnTo(kind: 'streams' | 'runs', wanted: Wanted = kind === this.kind ? this.wanted : 'all'): void {
    this.kind = kind;
    this.wanted = wanted;
  }

  private panel() {
    const { place, tick } = this;
    const { view, token } = this.feed;
    switch (place.kind) {
      case 'streams':
        return html`<stream-panel .view=${view} .stream=${place.id} .token=${token} .tick=${tick}></stream-panel>`;
      case 'runs':
        return html`<sluice-run .run=${place.id} .token=${token} .now=${view.now}></sluice-run>`;
      default:
        return html`<overview-panel
          .view=${view}
          .tick=${tick}
          @list=${({ detail }: CustomEvent<{ kind: 'streams' | 'runs'; wanted: Wanted }>) =>
            this.turnTo(detail.kind, detail.wanted)}
        ></overview-panel>`;
    }
  }

  private askForToken() {
    return html`<sign-in
      .problem=${this.feed.problem}
      @token=${(event: CustomEvent<string>) => void this.signIn(event.detail)}
    ></sign-in>`;
  }
}

defineComponents();
for (const [name, element] of Object.entries({
  'overview-panel': OverviewPanel,
  'row-list': RowList,
  'sign-in': SignIn,
  'stream-panel': StreamPanel,
  'time-plot': TimePlot,
  'trouble-list': TroubleList,
  // The last: what it is made of is known when it begins.
  'sluice-monitor': SluiceMonitor,
})) {
  customElements.define(name, element);
}
