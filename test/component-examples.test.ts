import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle, executablePath } from './browser/chromium.js';
import { MonitorStage, shownText } from './monitor/stage.js';

const example = (name: string): string => fileURLToPath(new URL(`../examples/components/${name}`, import.meta.url));

describe.skipIf(executablePath === undefined)('the components in pages of others, in a real Chromium', () => {
  const files = new Map<string, string>();
  const stage = new MonitorStage({
    fallback: ({ url = '' }, response) => {
      const type = url.endsWith('.css') ? 'text/css' : url.endsWith('.js') ? 'text/javascript' : 'text/html';
      response.writeHead(files.has(url) ? 200 : 204, { 'content-type': `${type}; charset=utf-8` }).end(files.get(url));
    },
  });
  beforeAll(async () => {
    for (const name of ['plain.html', 'plain.css']) files.set(`/${name}`, readFileSync(example(name), 'utf8'));
    for (const name of ['vue', 'react']) {
      files.set(`/${name}.html`, `<div id="app"></div><script type="module" src="/${name}.js"></script>`);
      files.set(`/${name}.js`, await bundle(example(`${name}.mjs`)));
    }
  });

  it('plain HTML shows an answer as it is produced, in its own colours', async () => {
    await stage.publish('answers/1', 'Call me ');
    const page = await stage.open('/plain.html');
    await stage.publish('answers/1', 'Ishmael.');
    await expect.poll(() => shownText(page)).toBe('Call me Ishmael.');
    const reading = () =>
      stage.server.gateway.connections().flatMap((one) => one.reading.map(({ streamId }) => streamId));
    await expect.poll(() => reading().filter((id) => id === 'answers/1').length).toBe(2);
    await stage.publish('answers/1', ' Some years ago.');
    await page.locator('sluice-marbles svg').waitFor();
    await page.locator('sluice-run').getByText('answer-1').first().waitFor();
    const looks = await page.locator('sluice-tokens .text').evaluate((element) => {
      const { borderRadius, fontFamily } = getComputedStyle(element);
      return [borderRadius, fontFamily];
    });
    expect(looks).toEqual(['0px', 'Georgia, serif']);
  });

  it.each(['vue', 'react'])('%s sets its properties and hears its events', async (name) => {
    await stage.publish('answers/1', 'one');
    await stage.publish('answers/2', 'two');
    const page = await stage.open(`/${name}.html`);
    await expect.poll(() => shownText(page)).toBe('one');
    await page.locator('#state', { hasText: 'live' }).waitFor();
    await page.getByRole('button', { name: 'Another answer' }).click();
    await expect.poll(() => shownText(page)).toBe('two');
    await stage.server.streams.close('answers/2');
    await page.locator('#state', { hasText: 'completed' }).waitFor();
  });
});
