/**
 * Web components that show streams and runs live: `<sluice-tokens>`, `<sluice-run>` and `<sluice-marbles>`. Importing them defines
 * them. They need `lit`.
 *
 * @module
 */
import { SluiceMarbles } from './sluice-marbles.js';
import { SluiceRun } from './sluice-run.js';
import { SluiceTokens } from './sluice-tokens.js';

export type { ReadingState } from './stream-element.js';
export { SluiceMarbles, SluiceRun, SluiceTokens };

const components = {
  'sluice-marbles': SluiceMarbles,
  'sluice-run': SluiceRun,
  'sluice-tokens': SluiceTokens,
} as const;

/** Defines the elements, as importing this module does; again it does nothing. */
export function defineComponents(): void {
  for (const [name, element] of Object.entries(components)) {
    // Defined twice it would throw, and two copies on one page are no disaster.
    if (customElements.get(name) === undefined) customElements.define(name, element);
  }
}

defineComponents();
