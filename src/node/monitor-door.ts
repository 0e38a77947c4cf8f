import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gateway } from '../gateway/index.js';
import { type Door, pathOf } from './door.js';
import { isReadOnly } from './is-read-only.js';
import { MonitorSource } from './monitor-source.js';
import { packageVersion } from './package-version.js';
import { servePage } from './page.js';
import { refusalOf } from './request-error.js';
import { sendJson } from './send-json.js';

/** Options of the page at `/`. */
export interface MonitorOptions {
  /** Folder of the page's script and the components. Default: what `npm run build` made, as the package has it. */
  readonly assets?: URL;
}

/** Where the state of things is asked for, and where the files of the page are. */
const statePath = '/monitor/state';
const files: ReadonlyMap<string, string> = new Map([
  ['/monitor/monitor.js', 'text/javascript; charset=utf-8'],
  ['/monitor/components.js', 'text/javascript; charset=utf-8'],
  ['/monitor/monitor.css', 'text/css; charset=utf-8'],
  ['/monitor/icon.svg', 'image/svg+xml'],
]);

/** @internal The door of the monitor: the page, its files, and what it asks for. */
export function monitorDoor(gateway: Gateway, options: MonitorOptions = {}): Door {
  const version = packageVersion();
  const source = new MonitorSource({ gateway, version });
  const assets = new Assets(options.assets === undefined ? built : [options.assets]);
  return {
    handle: (request, response) => {
      const path = pathOf(request);
      if (path === '/') servePage(request, response, version);
      else if (path !== statePath && !files.has(path)) return false;
      else if (!isReadOnly(request, response)) return true;
      else if (path === statePath) void answerState(request, response, source);
      else void assets.answer(request, response, path);
      return true;
    },
    // The page asks for a token; what it shows then is told to who may know it.
    isOpen: (request) => pathOf(request) === '/' || files.has(pathOf(request)),
    dispose: () => source.dispose(),
  };
}

async function answerState(request: IncomingMessage, response: ServerResponse, source: MonitorSource): Promise<void> {
  const { searchParams: query } = new URL(request.url!, 'http://localhost');
  try {
    const cursor = Number(query.get('since') ?? 0);
    const state = await source.read(query.get('life') ?? '', cursor, query.get('stream') ?? undefined);
    sendJson(request, response, 200, state);
  } catch (error) {
    const { status, code, message } = refusalOf(error);
    sendJson(request, response, status, { code, message });
  }
}

/** Beside this file as it is packed, and as it lies in the sources. */
const built = ['../../monitor/', '../../dist/monitor/'].map((folder) => new URL(folder, import.meta.url));

class Assets {
  private readonly read = new Map<string, Promise<{ readonly body: Buffer; readonly tag: string } | undefined>>();

  constructor(private readonly folders: readonly URL[]) {}

  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const found = await this.find(path);
    if (found === undefined) {
      this.read.delete(path);
      const message = 'the page was not built: npm run build';
      sendJson(request, response, 404, { code: 'not-found', message });
      return;
    }
    const headers = {
      'content-type': files.get(path)!,
      'cache-control': 'no-cache',
      etag: found.tag,
      'x-content-type-options': 'nosniff',
    };
    if (request.headers['if-none-match'] === found.tag) response.writeHead(304, headers).end();
    else response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : found.body);
  }

  private find(path: string) {
    const found = this.read.get(path) ?? this.load(path.slice(path.lastIndexOf('/') + 1));
    this.read.set(path, found);
    return found;
  }

  private async load(name: string) {
    for (const folder of this.folders) {
      try {
        const body = await readFile(new URL(name, folder));
        return { body, tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
      } catch {
        // Not here: perhaps in the next.
      }
    }
    return undefined;
  }
}
