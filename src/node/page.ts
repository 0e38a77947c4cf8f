import type { IncomingMessage, ServerResponse } from 'node:http';

const policy = [
  "default-src 'none'",
  "connect-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types lit-html',
].join('; ');

/**
 * @internal Serves the page that shows a server's streams and runs live. It holds nothing but the names of its files, and the
 * version of the server that it belongs to.
 */
export function servePage(request: IncomingMessage, response: ServerResponse, version: string): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': policy,
  });
  response.end(request.method === 'HEAD' ? undefined : page(version));
}

function page(version: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="sluice-version" content="${version}">
<title>sluice</title>
<link rel="icon" href="/monitor/icon.svg">
<link rel="stylesheet" href="/monitor/monitor.css">
<script type="module" src="/monitor/monitor.js"></script>
</head>
<body>
<sluice-monitor></sluice-monitor>
<noscript>The monitor of sluice needs JavaScript. Without it: <a href="/streams">the streams as JSON</a>.</noscript>
</body>
</html>
`;
}
