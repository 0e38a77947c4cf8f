import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageVersion } from '../../src/node/package-version.js';

describe('packageVersion', () => {
  it('is what the manifest says', () => {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    expect(packageVersion()).toBe((JSON.parse(manifest) as { version: string }).version);
  });
});
