import { css, html, type TemplateResult } from 'lit';

/** @internal What a choice looks like. */
export const choiceStyle = css`
  select {
    padding: 0.1875rem 0.5rem;
    border: 1px solid var(--line);
    border-radius: calc(var(--radius) * 0.75);
    background: var(--paper);
    color: inherit;
    font: inherit;
    font-size: 0.8125rem;
  }
`;

/** @internal A choice of one among a few, by their names and what these are called. */
export function choice<K extends string>(
  label: string,
  words: Readonly<Partial<Record<K, string>>>,
  chosen: K,
  choose: (name: K) => void,
): TemplateResult {
  return html`<select
    aria-label=${label}
    @change=${(event: Event) => choose((event.target as HTMLSelectElement).value as K)}
  >
    ${Object.entries(words).map(
      ([name, said]) => html`<option value=${name} .selected=${name === chosen}>${said}</option>`,
    )}
  </select>`;
}
