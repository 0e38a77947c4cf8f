import { css, html, LitElement, type PropertyValues } from 'lit';
import { style } from '../components/stream-element.js';
import { eventsOf, runOf } from '../run/names.js';
import { choice, choiceStyle } from './choice.js';
import { type Place, writePlace } from './place.js';
import type { MonitorView, Order, Wanted } from './view.js';
import { countWords } from './words.js';

/** What the lists can be narrowed down to, and how it is called. */
const wantedWords = {
  streams: { all: 'All', live: 'Live', failed: 'Failed', ended: 'Ended' },
  runs: { all: 'All', live: 'Running or waiting', waiting: 'Waiting', failed: 'Failed or lost', ended: 'Ended' },
} as const satisfies Record<string, Partial<Record<Wanted, string>>>;

/** What they can be put in order by. */
const orderWords = {
  newest: 'Newest',
  busiest: 'Busiest',
  largest: 'Largest',
  name: 'By name',
} as const satisfies Record<Order, string>;

/** @internal The lists of streams and runs, narrowed down and in order. Whoever chooses one of them goes there. */
export class ListPanel extends LitElement {
  static override properties = {
    view: { attribute: false },
    tick: { attribute: false },
    place: { attribute: false },
    kind: { state: true },
    filter: { state: true },
    wanted: { state: true },
    order: { state: true },
  };

  static override styles = [
    style,
    choiceStyle,
    css`
      nav {
        display: grid;
        grid-template: auto auto 1fr / minmax(0, 1fr);
        height: 100%;
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
        flex-wrap: wrap;
        gap: 0.375rem;
        margin: 0.625rem 0.75rem;
      }
      .narrow select {
        flex: 1 1 0;
        min-width: 0;
      }
      .search {
        flex: 1 0 100%;
        padding: 0.3125rem 0.75rem;
        min-width: 0;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: light-dark(#f7f8fa, #10141a);
      }
      @media (max-width: 44rem) {
        .narrow {
          flex-wrap: nowrap;
        }
        .narrow select {
          flex: 0 1 6.25rem;
        }
        .search {
          flex: 1;
        }
      }
    `,
  ];

  declare view: MonitorView;
  /** Counts the looks: the view itself is always the same. */
  declare tick: number;
  declare place: Place;
  declare private kind: 'streams' | 'runs';
  declare private filter: string;
  declare private wanted: Wanted;
  declare private order: Order;

  constructor() {
    super();
    this.kind = 'streams';
    this.filter = '';
    this.wanted = 'all';
    this.order = 'newest';
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('place') && this.place.kind !== 'overview') this.turnTo(this.place.kind);
  }

  /** Turns to a list; to another one as a whole, unless something of it is wanted. */
  turnTo(kind: 'streams' | 'runs', wanted: Wanted = kind === this.kind ? this.wanted : 'all'): void {
    this.kind = kind;
    this.wanted = wanted;
  }

  private choose(id: string): void {
    const run = this.kind === 'runs' ? runOf(id) : undefined;
    location.hash = writePlace(run === undefined ? { kind: 'streams', id } : { kind: 'runs', id: run });
  }

  private get chosen(): string | undefined {
    const { place } = this;
    if (place.kind === 'overview') return undefined;
    return place.kind === 'runs' ? eventsOf(place.id) : place.id;
  }

  override render() {
    const { view, kind, filter, wanted, order } = this;
    // Of the list that is not shown only the number is: that takes no order.
    const [streams, runs] = (['streams', 'runs'] as const).map((one) =>
      view.list(one, filter, wanted, one === kind ? order : 'newest'),
    );
    const isRuns = kind === 'runs';
    const isKnown = view.life !== '';
    return html`<nav aria-label="Streams and runs">
      <div class="tabs">
        ${this.tab('streams', 'Streams', streams!.length)} ${this.tab('runs', 'Runs', runs!.length)}
      </div>
      <div class="narrow">
        <input
          class="search"
          type="search"
          placeholder="Filter by name"
          aria-label="Filter by name"
          .value=${filter}
          @input=${(event: Event) => (this.filter = (event.target as HTMLInputElement).value)}
        />
        ${choice<Wanted>('Filter by state', wantedWords[kind], wanted, (name) => (this.wanted = name))}
        ${choice<Order>('Order', orderWords, order, (name) => (this.order = name))}
      </div>
      <row-list
        label=${isRuns ? 'Runs' : 'Streams'}
        .rows=${isRuns ? runs : streams}
        none=${isKnown ? 'There are none.' : 'Nothing is known yet.'}
        .chosen=${this.chosen}
        .now=${view.now}
        @choose=${(event: CustomEvent<string>) => this.choose(event.detail)}
      ></row-list>
    </nav>`;
  }

  private tab(kind: 'streams' | 'runs', name: string, count: number) {
    return html`<button type="button" aria-pressed=${this.kind === kind} @click=${() => this.turnTo(kind)}>
      ${name} <small>${this.view.life === '' ? '–' : countWords(count)}</small>
    </button>`;
  }
}
