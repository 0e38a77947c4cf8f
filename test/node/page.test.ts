import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, serve } from 'sluice/node';

let server: Server;
beforeAll(async () => {
  server = await serve({ port: 0 });
});
afterAll(async () => await server.close());

// What it shows is tested in a real browser: test/monitor.
describe('the page', () => {
  it('lets nothing run and nothing be shown but its own files', async () => {
    const policy = (await fetch(server.url)).headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("style-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|nonce|\*/);
  });

  it('says which version it belongs to, and holds no script of its own', async () => {
    const html = await (await fetch(server.url)).text();
    expect(html).toMatch(/<meta name="sluice-version" content="\d+\.\d+\.\d+">/);
    expect(html.match(/<script[^>]*>/g)).toEqual(['<script type="module" src="/monitor/monitor.js">']);
    expect(html).not.toContain('<style');
  });

  it('answers HEAD without a body, and other methods with 405', async () => {
    const head = await fetch(server.url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const deleted = await fetch(server.url, { method: 'DELETE' });
    expect([deleted.status, deleted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});
