import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, serve } from 'sluice/node';

let server: Server;
beforeAll(async () => {
  server = await serve({ port: 0 });
});
afterAll(async () => await server.close());

// What it shows is tested in a real browser: test/browser.
describe('the page', () => {
  it('lets nothing run but its own script, under a nonce of its own each time', async () => {
    const policies = await Promise.all(
      [1, 2].map(async () => (await fetch(server.url)).headers.get('content-security-policy')!),
    );
    const [first, second] = policies.map((policy) => /script-src 'nonce-([^']+)'/.exec(policy)![1]!);
    expect(first).not.toBe(second);
    expect(policies[0]).toContain("default-src 'none'");
    expect(await (await fetch(server.url)).text()).not.toContain(first!);
  });

  it('carries the nonce that its policy names', async () => {
    const response = await fetch(server.url);
    const nonce = /script-src 'nonce-([^']+)'/.exec(response.headers.get('content-security-policy')!)![1]!;
    expect(await response.text()).toContain(`<script type="module" nonce="${nonce}">`);
  });

  it('answers HEAD without a body, and other methods with 405', async () => {
    const head = await fetch(server.url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const deleted = await fetch(server.url, { method: 'DELETE' });
    expect([deleted.status, deleted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});
