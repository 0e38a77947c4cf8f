import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { style } from '../components/stream-element.js';
import { writePlace } from './place.js';
import { type Trouble, type TroubleGroup, troublesOf } from './troubles.js';
import type { MonitorView } from './view.js';
import { countWords, spanWords } from './words.js';

/** @internal What may need somebody, the gravest first. That all of a kind are wanted is a `list` event. */
export class TroubleList extends LitElement {
  static override properties = { view: { attribute: false }, tick: { attribute: false } };

  static override styles = [
    style,
    css`
      .none {
        margin: 0;
        color: var(--soft);
      }
      .none span {
        color: var(--well);
      }
      .groups {
        display: grid;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--paper);
        overflow: hidden;
      }
      section {
        padding: 0.75rem 1.125rem;
        border-left: 3px solid var(--warm);
      }
      section.ill {
        border-left-color: var(--ill);
      }
      section + section {
        border-top: 1px solid var(--line);
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 0.75rem;
      }
      h3 {
        margin: 0;
        font-size: 0.9375rem;
      }
      .head p {
        margin: 0;
        color: var(--soft);
        font-size: 0.8125rem;
      }
      ul {
        margin: 0.25rem 0 0;
        padding: 0;
        list-style: none;
      }
      li {
        display: grid;
        grid-template-columns: minmax(8rem, 20rem) 1fr auto;
        align-items: baseline;
        gap: 0 1rem;
        padding: 0.1875rem 0;
        font-size: 0.875rem;
      }
      a {
        overflow: hidden;
        color: var(--accent);
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .words {
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        unicode-bidi: plaintext;
      }
      .since {
        color: var(--soft);
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      button {
        margin-top: 0.25rem;
        padding: 0.0625rem 0.5rem;
        font-size: 0.8125rem;
      }
      @media (max-width: 44rem) {
        li {
          grid-template-columns: 1fr auto;
        }
        .words {
          grid-row: 2;
          grid-column: 1 / -1;
          color: var(--soft);
          white-space: normal;
          overflow-wrap: anywhere;
        }
      }
    `,
  ];

  declare view: MonitorView;
  /** Counts the looks: the view itself is always the same. */
  declare tick: number;

  override render(): TemplateResult {
    const groups = troublesOf(this.view);
    if (groups.length === 0) {
      return html`<p class="none">
        <span aria-hidden="true">✓</span> Nothing waits, nothing has failed within a day, and nobody is behind.
      </p>`;
    }
    return html`<div class="groups">${groups.map((group) => this.group(group))}</div>`;
  }

  private group({ title, advice, look, troubles, count, list }: TroubleGroup): TemplateResult {
    const more = count - troubles.length;
    return html`<section class=${look} aria-label=${title}>
      <div class="head">
        <h3>${title}${count > 1 ? `: ${countWords(count)}` : ''}</h3>
        <p>${advice}</p>
      </div>
      <ul>
        ${troubles.map((trouble) => this.trouble(trouble))}
      </ul>
      ${
        more <= 0
          ? nothing
          : list === undefined
            ? html`<p class="none">and ${countWords(more)} more</p>`
            : html`<button
                type="button"
                @click=${() => this.dispatchEvent(new CustomEvent('list', { detail: list, bubbles: true, composed: true }))}
              >
                ${countWords(more)} more
              </button>`
      }
    </section>`;
  }

  private trouble({ place, name, words, since }: Trouble): TemplateResult {
    return html`<li>
      <a href=${writePlace(place)} title=${name}><bdi>${name}</bdi></a>
      <span class="words" title=${words}>${words}</span>
      <span class="since">${since === undefined ? nothing : `for ${spanWords(this.view.now() - since)}`}</span>
    </li>`;
  }
}
