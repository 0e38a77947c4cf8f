import { css, html, LitElement, nothing } from 'lit';
import type { ReadingState } from '../components/index.js';
import { style } from '../components/stream-element.js';
import type { MonitorView, Row } from './view.js';
import { agoWords, byteWords, countWords, shortWords } from './words.js';

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
      .badge {
        padding: 0.0625rem 0.625rem;
        border: 1px solid currentcolor;
        border-radius: 1rem;
        font-size: 0.8125rem;
        font-weight: 600;
      }
      .active {
        color: var(--well);
      }
      .failed {
        color: var(--ill);
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
        --sluice-text-height: min(46vh, 34rem);
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
        ${row === undefined ? nothing : this.badge(row)}
      </header>
      ${row === undefined ? this.unknown() : this.body(row)}`;
  }

  private unknown() {
    const { life } = this.view;
    return life === '' ? nothing : html`<p class="soft">The server knows no stream of this name; it may begin yet.</p>`;
  }

  private badge({ status, reason }: Row) {
    const isLost = this.reading === 'reconnecting';
    const words = isLost ? 'reconnecting …' : statusWords[status];
    return html`<span class="badge ${isLost ? 'failed' : status}" role="status">${words}</span>
      ${reason === undefined ? nothing : html`<span class="reason">${reason}</span>`}`;
  }

  private body(row: Row) {
    return html`${tiles(row)}
      <sluice-tokens
        .stream=${this.stream}
        .token=${this.token}
        label="Text of ${this.stream}"
        .bare=${this.reading !== 'failed'}
        @sluice-state=${(event: CustomEvent<{ state: ReadingState }>) => (this.reading = event.detail.state)}
      ></sluice-tokens>
      ${row.status === 'active' ? this.marbleSection() : nothing} ${this.readers(row)}`;
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

  private readers(row: Row) {
    const { readers, moreReaders } = this.view;
    return html`<section aria-labelledby="readers">
      <div class="title"><h3 id="readers">Readers</h3></div>
      ${
        readers.length === 0
          ? html`<p class="soft">Nobody reads it over the gateway now.</p>`
          : html`<div class="table" tabindex="0" role="region" aria-label="All readers">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Session</th>
                    <th scope="col">Over</th>
                    <th scope="col">Next</th>
                    <th scope="col">Lag</th>
                    <th scope="col">Credit</th>
                    <th scope="col">Asked again</th>
                  </tr>
                </thead>
                <tbody>
                  ${readers.map(({ session, transport, address, next, credit, repaired }) => {
                    const lag = Math.max(0, row.next - next);
                    return html`<tr>
                      <td title=${address ?? ''}>${session.slice(0, 8)}</td>
                      <td>${transport}</td>
                      <td>${countWords(next)}</td>
                      <td class=${lag > 1000 ? 'behind' : ''}>${countWords(lag)}</td>
                      <td class=${credit === 0 ? 'behind' : ''}>${credit > 1e9 ? '∞' : countWords(credit)}</td>
                      <td>${countWords(repaired)}</td>
                    </tr>`;
                  })}
                </tbody>
              </table>
            </div>`
      }
      ${moreReaders > 0 ? html`<p class="soft">and ${countWords(moreReaders)} more</p>` : nothing}
    </section>`;
  }
}

function tiles(row: Row) {
  const last = row.lastChunkAt;
  return html`<dl>
    ${tile('Chunks', countWords(row.next))} ${tile('Size', byteWords(row.bytes))}
    ${row.status === 'active' ? tile('A second', shortWords(row.rate)) : nothing}
    ${row.first > 0 ? tile('Kept from', countWords(row.first)) : nothing}
    ${last === undefined ? nothing : tile('Last chunk', agoWords(Date.now() - last))}
  </dl>`;
}

function tile(name: string, value: string) {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}
