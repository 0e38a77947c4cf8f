import { css, html, LitElement, nothing } from 'lit';
import { defineComponents } from '../components/index.js';
import { style } from '../components/stream-element.js';
import { choice, choiceStyle } from './choice.js';
import { type FeedState, MonitorFeed } from './feed.js';
import { ListPanel } from './list-panel.js';
import { OverviewPanel } from './overview-panel.js';
import { type Place, readPlace } from './place.js';
import { RowList } from './row-list.js';
import { SignIn } from './sign-in.js';
import { StreamPanel } from './stream-panel.js';
import { savedTheme, type Theme, turnTheme } from './theme.js';
import { TimePlot } from './time-plot.js';
import { TroubleList } from './trouble-list.js';
import type { Wanted } from './view.js';

const stateWords: Readonly<Record<FeedState, string>> = {
  connecting: 'connecting …',
  live: 'live',
  reconnecting: 'connection lost, coming back …',
  refused: 'not signed in',
  foreign: 'another version',
};

const themeWords = { auto: 'Auto', light: 'Light', dark: 'Dark' } as const satisfies Record<Theme, string>;

/** @internal The page: the lists of streams and runs, and what is chosen of them. */
export class SluiceMonitor extends LitElement {
  static override properties = {
    place: { state: true },
    tick: { state: true },
    theme: { state: true },
  };

  static override styles = [
    style,
    choiceStyle,
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
      .banner {
        grid-column: 1 / -1;
        display: flex;
        align-items: center;
        gap: 1rem;
        margin: 0;
        padding: 0.5rem 1.25rem;
        background: color-mix(in srgb, var(--warm) 16%, var(--paper));
      }
      list-panel {
        grid-row: 3;
        min-height: 0;
        border-right: 1px solid var(--line);
        background: var(--paper);
      }
      main {
        grid-row: 3;
        min-width: 0;
        padding: 0 clamp(1rem, 3vw, 2.5rem);
        overflow-y: auto;
      }
      main:focus-visible {
        outline-offset: -2px;
      }
      main > div {
        max-width: 68rem;
        margin: 0 auto;
        padding: 1.5rem 0 3rem;
      }
      @media (max-width: 44rem) {
        :host {
          grid-template: auto auto minmax(8rem, 32dvh) 1fr / 1fr;
        }
        list-panel {
          border-right: 0;
          border-bottom: 1px solid var(--line);
        }
        main {
          grid-row: 4;
        }
      }
      /* Too low for two parts that scroll, as a page is that is shown twice as large: it scrolls as a whole. */
      @media (max-width: 44rem) and (max-height: 36rem) {
        :host {
          grid-template: auto auto 16rem auto / 1fr;
          height: auto;
          min-height: 100dvh;
        }
        main {
          overflow: visible;
        }
      }
      main.alone {
        grid-area: 3 / 1 / -1 / -1;
      }
    `,
  ];

  declare private place: Place;
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
    this.feed.stream = this.place.kind === 'streams' ? this.place.id : undefined;
    document.title = this.place.kind === 'overview' ? 'sluice' : `${this.place.id} · sluice`;
    void this.feed.ask();
  }

  /** In a task of its own: to take in ten thousand streams was one already. */
  private changed(): void {
    setTimeout(() => this.tick++);
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
    const isRefused = this.feed.state === 'refused';
    return html`${this.top()} ${this.banner()}
      <list-panel ?hidden=${isRefused} .view=${this.feed.view} .tick=${this.tick} .place=${this.place}></list-panel>
      <main tabindex="0" class=${isRefused ? 'alone' : ''}>
        <div>${isRefused ? this.askForToken() : this.panel()}</div>
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
      ${choice('Theme', themeWords, this.theme, (theme) => this.turn(theme))}
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

  private panel() {
    const { place, tick } = this;
    const { view, token } = this.feed;
    switch (place.kind) {
      case 'streams':
        return html`<stream-panel
          .view=${view}
          .stream=${place.id}
          .token=${token}
          .tick=${tick}
          @sluice-state=${() => void this.feed.ask()}
        ></stream-panel>`;
      case 'runs':
        return html`<sluice-run .run=${place.id} .token=${token} .now=${view.now}></sluice-run>`;
      default:
        return html`<overview-panel
          .view=${view}
          .tick=${tick}
          @list=${({ detail }: CustomEvent<{ kind: 'streams' | 'runs'; wanted: Wanted }>) =>
            this.renderRoot.querySelector<ListPanel>('list-panel')!.turnTo(detail.kind, detail.wanted)}
        ></overview-panel>`;
    }
  }

  private askForToken() {
    return html`<sign-in
      .problem=${this.feed.problem}
      .tried=${this.feed.token !== ''}
      @token=${(event: CustomEvent<string>) => void this.signIn(event.detail)}
    ></sign-in>`;
  }
}

defineComponents();
for (const [name, element] of Object.entries({
  'list-panel': ListPanel,
  'overview-panel': OverviewPanel,
  'row-list': RowList,
  'sign-in': SignIn,
  'stream-panel': StreamPanel,
  'time-plot': TimePlot,
  'trouble-list': TroubleList,
})) {
  customElements.define(name, element);
}
// The last, for what it is made of is known when it begins; and in a task of its own: to read all this was one already.
setTimeout(() => customElements.define('sluice-monitor', SluiceMonitor));
