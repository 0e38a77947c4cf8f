import { readFileSync } from 'node:fs';
import { settings } from 'sluice/node/config';
import { describe, expect, it } from 'vitest';
import { writeSettings } from '../../../scripts/docs/configuration.js';

const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');

describe('docs/configuration', () => {
  it('says what the schema says', () => {
    if (page !== writeSettings(page, settings))
      throw new Error('docs/configuration.md is old. To mend it: npm run docs');
  });

  it('names every setting, its default, and what is never shown', () => {
    const made = writeSettings(page, settings);
    for (const { name } of settings) expect(made).toContain(`| \`${name}\``);
    expect(made).toMatch(/^\| `port` +\| `4437` +\| 0 to 65535 +\|/m);
    expect(made).toMatch(/^\| `log` .*; not shown +\|$/m);
  });

  it('refuses a page without a place for the table', () => {
    expect(() => writeSettings('# Configuration', settings)).toThrow('the page must hold');
  });
});
