import { css, html, LitElement, type PropertyValues } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { style } from '../components/stream-element.js';
import type { Row } from './view.js';
import { visibleRows } from './visible-rows.js';
import { rateWords, shortWords, spanWords } from './words.js';

const rowHeight = 52;

/** How a stream or run is marked and said. */
const states = {
  active: ['●', 'live'],
  running: ['●', 'running'],
  waiting: ['?', 'waiting'],
  completed: ['✓', 'completed'],
  failed: ['✗', 'failed'],
  cancelled: ['⊘', 'cancelled'],
  lost: ['✗', 'lost'],
} as const;

/** @internal A list of streams or runs, of which only the rows in view are on the page. Choosing one is a `choose` event. */
export class RowList extends LitElement {
  static override properties = {
    rows: { attribute: false },
    chosen: { attribute: false },
    label: {},
    now: { attribute: false },
    none: {},
    from: { state: true },
    to: { state: true },
    active: { state: true },
  };

  static override styles = [
    style,
    css`
      :host {
        min-height: 0;
        overflow: hidden;
      }
      .scroller {
        position: relative;
        height: 100%;
        overflow-y: auto;
        overscroll-behavior: contain;
      }
      .scroller:focus-visible {
        outline-offset: -2px;
      }
      [role='option'] {
        position: absolute;
        inset: 0 0.5rem auto;
        height: 48px;
        padding: 0.3125rem 0.75rem;
        border-radius: var(--radius);
        cursor: pointer;
        content-visibility: auto;
      }
      [role='option']:hover {
        background: var(--shade);
      }
      [role='option'][aria-selected='true'] {
        background: color-mix(in srgb, var(--accent) 14%, transparent);
      }
      .scroller:focus-visible .current {
        outline: 2px solid var(--accent);
        outline-offset: -2px;
      }
      bdi,
      small {
        display: block;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        line-height: 1.25rem;
      }
      bdi {
        font-weight: 500;
      }
      small {
        color: var(--soft);
        font-size: 0.78125rem;
        font-variant-numeric: tabular-nums;
      }
      .active .mark,
      .running .mark {
        color: var(--well);
      }
      .waiting .mark {
        color: var(--warm);
      }
      .failed .mark,
      .lost .mark {
        color: var(--ill);
      }
      .none {
        margin: 0;
        color: var(--soft);
        cursor: default;
      }
    `,
  ];

  declare rows: readonly Row[];
  declare chosen: string | undefined;
  declare label: string;
  /** What is said where there are no rows. */
  declare none: string;
  /** What time it is on the server. */
  declare now: () => number;
  declare private from: number;
  declare private to: number;
  declare private active: string | undefined;

  /** One that was chosen and is to be brought into view. */
  private sought: string | undefined;
  private readonly size = new ResizeObserver(() => this.look());

  constructor() {
    super();
    this.rows = [];
    this.chosen = undefined;
    this.label = '';
    this.none = '';
    this.now = Date.now;
    this.from = 0;
    this.to = 40;
    this.active = undefined;
  }

  private get scroller(): HTMLElement {
    return this.renderRoot.querySelector<HTMLElement>('.scroller')!;
  }

  protected override firstUpdated(): void {
    this.size.observe(this.scroller);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.size.disconnect();
  }

  private look(): void {
    const { scrollTop, clientHeight } = this.scroller;
    const { from, to } = visibleRows(scrollTop, clientHeight, rowHeight, this.rows.length);
    this.from = from;
    this.to = to;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('rows') && this.hasUpdated) this.look();
    if (changed.has('chosen')) this.sought = this.chosen;
  }

  /** Places are set here: a strict policy allows no style attributes. */
  protected override updated(): void {
    const { scroller, from } = this;
    scroller.querySelector<HTMLElement>('.room')!.style.height = `${this.rows.length * rowHeight}px`;
    scroller.querySelectorAll<HTMLElement>('[role=option]').forEach((option, i) => {
      option.style.transform = `translateY(${(from + i) * rowHeight + 2}px)`;
    });
    this.seek();
  }

  /** Who comes by an address sees where in the list that is. */
  private seek(): void {
    if (this.sought === undefined || this.rows.length === 0) return;
    const at = this.rows.findIndex(({ id }) => id === this.sought);
    this.sought = undefined;
    if (at >= 0) this.reveal(at);
  }

  private choose(id: string): void {
    this.active = id;
    this.dispatchEvent(new CustomEvent('choose', { detail: id }));
  }

  private key(event: KeyboardEvent): void {
    const at = this.rows.findIndex(({ id }) => id === (this.active ?? this.chosen));
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / rowHeight) - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    if (step !== undefined) this.move(Math.min(this.rows.length - 1, Math.max(0, at + step)));
    else if ((event.key === 'Enter' || event.key === ' ') && at >= 0) this.choose(this.rows[at]!.id);
    else return;
    event.preventDefault();
  }

  private move(to: number): void {
    this.active = this.rows[to]?.id;
    this.reveal(to);
  }

  /** Scrolls to where a row is in view. */
  private reveal(index: number): void {
    const { scroller } = this;
    const top = index * rowHeight;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + rowHeight > scroller.scrollTop + scroller.clientHeight) {
      scroller.scrollTop = top + rowHeight - scroller.clientHeight;
    }
    this.look();
  }

  override render() {
    const rows = this.rows.slice(this.from, this.to);
    const active = rows.findIndex(({ id }) => id === this.active);
    return html`<div
      class="scroller"
      role="listbox"
      tabindex="0"
      aria-label=${this.label}
      aria-activedescendant=${active < 0 ? '' : `row-${this.from + active}`}
      @scroll=${() => this.look()}
      @keydown=${(event: KeyboardEvent) => this.key(event)}
    >
      <div class="room" role="presentation">
        ${repeat(
          rows,
          ({ id }) => id,
          (row, i) => this.row(row, this.from + i),
        )}
      </div>
      ${this.rows.length === 0 ? html`<p class="none" role="option" aria-disabled="true" aria-selected="false">${this.none}</p>` : ''}
    </div>`;
  }

  private row({ id, runId, state, next, rate, lastChunkAt, createdAt }: Row, index: number) {
    const latest = rate > 0 ? `${rateWords(rate)}/s` : spanWords(this.now() - (lastChunkAt ?? createdAt));
    const [mark, word] = states[state];
    const unit = runId === undefined ? 'chunk' : 'event';
    return html`<div
      role="option"
      id="row-${index}"
      class="${state} ${id === this.active ? 'current' : ''}"
      aria-selected=${id === this.chosen}
      aria-posinset=${index + 1}
      aria-setsize=${this.rows.length}
      @click=${() => this.choose(id)}
    >
      <bdi title=${runId ?? id}>${runId ?? id}</bdi>
      <small
        ><span class="mark" aria-hidden="true">${mark}</span> ${word} · ${shortWords(next)}
        ${next === 1 ? unit : `${unit}s`} · ${latest}</small
      >
    </div>`;
  }
}
