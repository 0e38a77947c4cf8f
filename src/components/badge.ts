import { css, html, type TemplateResult } from 'lit';

/** @internal What a badge looks like. */
export const badgeStyle = css`
  .badge {
    padding: 0.0625rem 0.625rem;
    border: 1px solid currentcolor;
    border-radius: 1rem;
    font-size: 0.8125rem;
    font-weight: 600;
    white-space: nowrap;
  }
  .badge.active,
  .badge.completed {
    color: var(--well);
  }
  .badge.failed,
  .badge.lost {
    color: var(--ill);
  }
  .badge.waiting {
    color: var(--warm);
  }
  .badge.running {
    color: var(--accent);
  }
  .badge.unknown {
    color: var(--soft);
  }
`;

/** @internal How something stands, said aloud when it changes. `look` is one of the states of streams and runs, or `unknown`. */
export function badge(look: string, words: string): TemplateResult {
  return html`<span class="badge ${look}" role="status">${words}</span>`;
}
