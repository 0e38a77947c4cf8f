import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Serves the page that shows a server's streams live. It is one file and reads the streams as anybody would. */
export function servePage(request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const nonce = randomBytes(16).toString('base64');
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': [
      "default-src 'none'",
      "connect-src 'self'",
      `script-src 'nonce-${nonce}'`,
      `style-src 'nonce-${nonce}'`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
  });
  response.end(request.method === 'HEAD' ? undefined : page(nonce));
}

const style = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #657083; --line: #d9dee6; --paper: #fbfaf7; --leaf: #fff; --water: #0b6bcb; --well: #15803d; --ill: #b42318; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #98a2b3; --line: #2b3340; --paper: #12161c; --leaf: #181d25; --water: #5aa9f8; --well: #4ade80; --ill: #f97066; } }
* { box-sizing: border-box; }
body { margin: 0; height: 100vh; display: grid; grid-template: auto 1fr / 16rem 1fr; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header { grid-column: 1 / -1; display: flex; align-items: baseline; gap: 1rem; padding: .75rem 1.25rem; border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.1rem; letter-spacing: .02em; }
h1::before { content: '\\2248 '; color: var(--water); }
header p { margin: 0; color: var(--soft); }
nav { border-right: 1px solid var(--line); overflow-y: auto; padding: .75rem; }
nav h2, dt { margin: 0 0 .25rem; font-size: .72rem; font-weight: 600; letter-spacing: .08em; text-transform: uppercase; color: var(--soft); }
nav a { display: block; padding: .35rem .5rem; border-radius: .4rem; color: inherit; text-decoration: none; overflow-wrap: anywhere; }
nav a:hover, nav a:focus-visible { background: var(--line); }
nav a[aria-current] { background: var(--water); color: #fff; }
nav small { display: block; opacity: .75; font-variant-numeric: tabular-nums; }
main { display: grid; grid-template-rows: auto 1fr; min-width: 0; min-height: 0; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 0; padding: .9rem 1.5rem; border-bottom: 1px solid var(--line); }
dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
#state[data-state=live] { color: var(--well); } #state[data-state=lost], #state[data-state=failed] { color: var(--ill); }
#text { margin: 0; padding: 1.25rem 1.5rem 3rem; overflow-y: auto; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--leaf); font: 17px/1.65 Georgia, 'Times New Roman', serif; }
#text:empty::before { content: attr(data-empty); color: var(--soft); font-family: system-ui, sans-serif; font-size: 15px; }
@media (max-width: 40rem) { body { grid-template: auto auto 1fr / 1fr; } nav { border-right: 0; border-bottom: 1px solid var(--line); max-height: 9rem; } }
`;

const script = `
const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat('en');
const keep = 200000;
let source, chosen, chunks = 0, bytes = 0, waiting = '', before = 0;

function show(state, label) { $('state').textContent = label ?? state; $('state').dataset.state = state; }

function pathOf(name) { return '/streams/' + name.split('/').map(encodeURIComponent).join('/'); }

function open(name) {
  source?.close();
  chosen = name; chunks = bytes = before = 0; waiting = ''; $('text').textContent = '';
  $('text').dataset.empty = 'Waiting for the first chunk of ' + name + ' …';
  show('connecting');
  source = new EventSource(pathOf(name) + '?from=snapshot');
  source.onopen = () => show('live');
  source.onerror = () => source.readyState === EventSource.CLOSED ? show('ended') : show('lost', 'lost, coming back …');
  const take = ({ data }) => {
    const chunk = JSON.parse(data);
    chunks = chunk.seq + 1; bytes += chunk.size;
    waiting += chunk.type === 'text' ? chunk.data : chunk.type === 'json' ? JSON.stringify(chunk.data) + '\\n' : '[' + chunk.size + ' bytes of ' + chunk.type + ']\\n';
  };
  source.onmessage = take;
  source.addEventListener('snapshot', (event) => { take(event); before = chunks; });
  source.addEventListener('gap', ({ data }) => { const { from, to } = JSON.parse(data); waiting += '\\n[chunks ' + from + ' to ' + (to - 1) + ' are missing]\\n'; });
  source.addEventListener('end', ({ data }) => { const { status } = JSON.parse(data); source.close(); show(status === 'completed' ? 'completed' : 'failed', status); });
}

function paint() {
  if (waiting !== '') {
    const text = $('text');
    const atEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 40;
    text.append(waiting);
    waiting = '';
    if (text.textContent.length > keep * 1.25) text.textContent = text.textContent.slice(-keep);
    if (atEnd) text.scrollTop = text.scrollHeight;
    $('chunks').textContent = number.format(chunks);
    $('bytes').textContent = number.format(bytes);
  }
  requestAnimationFrame(paint);
}

async function list() {
  try {
    const streams = await (await fetch('/streams')).json();
    $('streams').replaceChildren(...streams.map(({ streamId, status, next }) => {
      const link = document.createElement('a');
      const note = document.createElement('small');
      link.href = '#' + encodeURIComponent(streamId);
      if (streamId === chosen) link.setAttribute('aria-current', 'true');
      note.textContent = number.format(next) + ' chunks, ' + status;
      link.append(streamId, note);
      return link;
    }));
    if (chosen === undefined && streams.length > 0) choose(streams[0].streamId);
    if (streams.length === 0) $('text').dataset.empty = 'No streams yet. Publish one:  echo hello | npx sluice publish greetings';
  } catch { /* the server is away: the next round tells */ }
  setTimeout(list, 2000);
}

function choose(name) { if (name !== chosen) open(name); for (const a of $('streams').children) a.toggleAttribute('aria-current', decodeURIComponent(a.hash.slice(1)) === name); }

addEventListener('hashchange', () => choose(decodeURIComponent(location.hash.slice(1))));
setInterval(() => { $('rate').textContent = number.format(Math.max(0, chunks - before)); before = chunks; }, 1000);
if (location.hash.length > 1) open(decodeURIComponent(location.hash.slice(1)));
paint();
list();
`;

function page(nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sluice</title>
<style nonce="${nonce}">${style}</style>
</head>
<body>
<header><h1>sluice</h1><p>streams of chunks that must arrive</p></header>
<nav aria-label="Streams"><h2>Streams</h2><div id="streams"></div></nav>
<main>
<dl>
<div><dt>State</dt><dd id="state" role="status">connecting</dd></div>
<div><dt>Chunks</dt><dd id="chunks">0</dd></div>
<div><dt>Bytes</dt><dd id="bytes">0</dd></div>
<div><dt>Chunks / s</dt><dd id="rate">0</dd></div>
</dl>
<pre id="text" tabindex="0" aria-label="The stream's text" data-empty="Looking for streams …"></pre>
</main>
<script type="module" nonce="${nonce}">${script}</script>
</body>
</html>
`;
}
