import { createChunk } from 'sluice/chunk';
import type { Server } from 'sluice/node';
import type { SoakPage } from './page.js';

/** When the text is on the page: told by the page itself, in milliseconds since the epoch. */
const seen = `new Promise((resolve) => {
  const monitor = document.querySelector('sluice-monitor').shadowRoot;
  const place = monitor.querySelector('stream-panel').shadowRoot.querySelector('sluice-tokens').shadowRoot.querySelector('.text');
  const look = () => place.textContent !== '' && resolve(performance.timeOrigin + performance.now());
  new MutationObserver(look).observe(place, { childList: true, subtree: true, characterData: true });
  look();
})`;

/** How long it takes from publishing a first chunk until the page shows it, in milliseconds: the median, and the slowest. */
export async function firstTokens(
  page: SoakPage,
  server: Pick<Server, 'streams'>,
  count: number,
): Promise<readonly [median: number, slowest: number]> {
  const took: number[] = [];
  for (let i = 0; i < count; i++) {
    const streamId = `first/${i}`;
    await server.streams.create(streamId);
    await page.go(streamId);
    await page.page.locator('sluice-tokens[state=live]').waitFor();
    const shown = page.page.evaluate<number>(seen);
    // The page listens before anything comes.
    await page.page.evaluate('0');
    const at = performance.timeOrigin + performance.now();
    await server.streams.publish(streamId, [createChunk({ streamId, seq: 0, data: 'Call me' })]);
    took.push((await shown) - at);
  }
  took.sort((a, b) => a - b);
  return [took[took.length >> 1]!, took.at(-1)!];
}
