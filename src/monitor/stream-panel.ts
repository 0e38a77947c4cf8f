import { css, html, LitElement, nothing } from 'lit';
import { badge, badgeStyle } from '../components/badge.js';
import type { ReadingState } from '../components/index.js';
import { style } from '../components/stream-element.js';
import { whoWords } from './troubles.js';
import type { MonitorView, Reader, Row } from './view.js';
import { agoWords, byteWords, countWords, rateWords, spanWords } from './words.js';

const statusWords = { active: 'live', completed: 'completed', failed: 'failed', cancelled: 'cancelled' } as const;

/** @internal A stream: its numbers, its text while it is produced, its marbles, and who reads it. */
export class StreamPanel extends LitElement {
  static override properties = {
    view: { attribute: false },
    stream: {},
    token: {},
    tick: { attribute: false },
    rough: { state: true },
    reading: { state: true },
  };

  static override styles = [
    style,
    badgeStyle,
    css`
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0.25rem 0.875rem;
        margin-bottom: 0.75rem;
      }
      h2 {
        margin: 0;
        font-size: 1.25rem;
        overflow-wrap: anywhere;
      }
      .reason {
        color: var(--ill);
        overflow-wrap: anywhere;
        unicode-bidi: plaintext;
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem 2.25rem;
        margin: 0 0 1.25rem;
      }
      dt {
        color: var(--soft);
        font-size: 0.8125rem;
      }
      dd {
        margin: 0;
        font-size: 1.125rem;
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }
      sluice-tokens {
        --sluice-text-height: clamp(12rem, 34vh, 26rem);
      }
      section {
        margin-top: 1.75rem;
      }
      .title {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.375rem 1rem;
        margin-bottom: 0.625rem;
      }
      h3 {
        margin: 0;
        font-size: 1rem;
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: 0.375rem;
        font-size: 0.8125rem;
      }
      input {
        accent-color: var(--accent);
      }
      .soft {
        margin: 0;
        color: var(--soft);
        font-size: 0.875rem;
      }
      .table {
        overflow-x: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--paper);
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-size: 0.875rem;
        font-variant-numeric: tabular-nums;
      }
      th,
      td {
        padding: 0.5rem 0.875rem;
        text-align: right;
        white-space: nowrap;
      }
      th {
        color: var(--soft);
        font-weight: 500;
      }
      th:first-child,
      td:first-child,
      th:nth-child(2),
      td:nth-child(2) {
        text-align: left;
      }
      tbody tr {
        border-top: 1px solid var(--line);
      }
      .lost {
        color: var(--ill);
        font-weight: 600;
      }
      .behind {
        color: var(--warm);
        font-weight: 600;
      }
    `,
  ];

  declare view: MonitorView;
  declare stream: string;
  declare token: string;
  /** Counts the looks: the view itself is always the same. */
  declare tick: number;
  declare private rough: boolean;
  /** How the reading of its text stands. */
  declare private reading: ReadingState;

  constructor() {
    super();
    this.stream = '';
    this.token = '';
    this.rough = false;
    this.reading = 'idle';
  }

  override render() {
    const row = this.view.row(this.stream);
    return html`<header>
        <h2><bdi>${this.stream}</bdi></h2>
        ${row === undefined ? nothing : this.status(row)}
      </header>
      ${row === undefined ? this.unknown() : this.body(row)}`;
  }

  private unknown() {
    const { life } = this.view;
    return life === '' ? nothing : html`<p class="soft">The server knows no stream of this name; it may begin yet.</p>`;
  }

  private status({ status, reason }: Row) {
    const isLost = this.reading === 'reconnecting';
    const words = isLost ? 'reconnecting …' : statusWords[status];
    return html`${badge(isLost ? 'failed' : status, words)}
    ${reason === undefined ? nothing : html`<span class="reason">${reason}</span>`}`;
  }

  private body(row: Row) {
    return html`${tiles(row, this.view.now())}
      <sluice-tokens
        .stream=${this.stream}
        .token=${this.token}
        label="Text of ${this.stream}"
        .bare=${this.reading !== 'failed' || row.status === 'failed'}
        @sluice-state=${(event: CustomEvent<{ state: ReadingState }>) => (this.reading = event.detail.state)}
      ></sluice-tokens>
      ${row.status === 'active' ? this.marbleSection() : nothing} ${this.readers()}`;
  }

  private marbleSection() {
    return html`<section aria-labelledby="marbles">
      <div class="title">
        <h3 id="marbles">Marbles</h3>
        <label
          ><input
            type="checkbox"
            .checked=${this.rough}
            @change=${(event: Event) => (this.rough = (event.target as HTMLInputElement).checked)}
          />
          over a rough link, to see repair</label
        >
      </div>
      <sluice-marbles .stream=${this.stream} .token=${this.token} .rough=${this.rough}></sluice-marbles>
    </section>`;
  }

  private readers() {
    const { readers, moreReaders } = this.view;
    return html`<section aria-labelledby="readers">
      <div class="title">
        <h3 id="readers">Readers</h3>
        ${readers.length === 0 ? nothing : html`<p class="soft">This page is among them: once for the text, once for the marbles.</p>`}
      </div>
      ${readers.length === 0 ? html`<p class="soft">Nobody reads it over the gateway now.</p>` : this.table()}
      ${moreReaders > 0 ? html`<p class="soft">and ${countWords(moreReaders)} more, who are less behind</p>` : nothing}
    </section>`;
  }

  private table() {
    return html`<div class="table" tabindex="0" role="region" aria-label="All readers">
      <table>
        <thead>
          <tr>
            ${columns.map(([name, title]) => html`<th scope="col" title=${title}>${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${this.view.readers.map((reader) => this.reader(reader))}
        </tbody>
      </table>
    </div>`;
  }

  private reader(reader: Reader) {
    const { transport, next, lag, behindSince, credit, gaps } = reader;
    const behind = behindSince === undefined ? 0 : this.view.now() - behindSince;
    return html`<tr>
      <td><bdi>${whoWords(reader)}</bdi></td>
      <td>${transport}</td>
      <td>${countWords(next)}</td>
      <td class=${behind > lateMs ? 'behind' : ''}>${countWords(lag)}</td>
      <td>${behind > lateMs ? spanWords(behind) : '–'}</td>
      <td class=${credit === 0 ? 'behind' : ''}>${credit > 1e9 ? '∞' : countWords(credit)}</td>
      <td>${countWords(gaps.holes)}</td>
      <td>${countWords(gaps.asked)}</td>
      <td>${countWords(gaps.resent)}</td>
      <td class=${gaps.lost > 0 ? 'lost' : ''}>${countWords(gaps.lost)}</td>
    </tr>`;
  }
}

/** How long a reader is behind before that is said: at any moment most are, by what is on its way. */
const lateMs = 2000;

/** The columns of the table of readers, and what they mean. */
const columns = [
  ['Reader', 'Who it is, or where from, and the beginning of its session'],
  ['Over', 'What carries the chunks'],
  ['Next', 'Number of the next chunk it is sent'],
  ['Lag', 'Chunks it is behind the newest'],
  ['Behind for', 'How long it has not been at the newest'],
  ['Credit', 'Chunks it may still be sent; without any, it is the reader that is slow'],
  ['Gaps', 'Holes it has seen'],
  ['Asked again', 'Chunks it has asked for again'],
  ['Sent again', 'Chunks it was sent again'],
  ['Lost', 'Chunks it will not have: they are kept no more'],
] as const;

function tiles(row: Row, now: number) {
  const last = row.lastChunkAt;
  return html`<dl>
    ${tile('Chunks', countWords(row.next))} ${tile('Size', byteWords(row.bytes))}
    ${row.status === 'active' ? tile('A second', rateWords(row.rate)) : nothing}
    ${row.first > 0 ? tile('Kept from', countWords(row.first)) : nothing}
    ${last === undefined ? nothing : tile('Last chunk', agoWords(now - last))}
  </dl>`;
}

function tile(name: string, value: string) {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}
