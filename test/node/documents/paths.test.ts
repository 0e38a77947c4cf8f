import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asyncApi } from '../../../src/node/documents/async-api.js';
import { paths } from '../../../src/node/documents/paths.js';
import { serve, type Server } from '../../../src/node/serve.js';

const root = fileURLToPath(new URL('../../../src/', import.meta.url));

/** Files that hold what a server answers: the doors, and what they are handed. */
const doors = [
  ...readdirSync(`${root}node`)
    .filter((name) => /-(?:door|routes)\.ts$|^page\.ts$/.test(name) && name !== 'detour-door.ts')
    .map((name) => `node/${name}`),
  'transport/sse/route.ts',
];

/** Every path that stands in a file: a text that begins with a slash. */
function pathsIn(file: string): string[] {
  const code = readFileSync(root + file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  return Array.from(code.matchAll(/'(\/(?!\/)[\w./_-]*)'/g), ([, path = '']) => path);
}

/** Whether a path is one that a template stands for. */
function fits(template: string, path: string): boolean {
  return new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
}

const documented = [
  ...Object.keys(paths),
  ...Object.values((asyncApi('') as { channels: Record<string, { address: string }> }).channels).map(
    (one) => one.address,
  ),
];

describe('what a server answers', () => {
  it.each(doors.flatMap((file) => pathsIn(file).map((path) => [path, file] as const)))(
    '%s of %s is in a document',
    (path) => {
      const known = documented.some((one) => (path.endsWith('/') ? one.startsWith(path) : fits(one, path)));
      expect(known, `add ${path} to src/node/documents/paths.ts`).toBe(true);
    },
  );

  it('is looked for where it is', () => {
    expect(doors.length).toBeGreaterThan(5);
    expect(doors.flatMap(pathsIn)).toEqual(
      expect.arrayContaining(['/metrics', '/v1/runs', '/v1/stream/', '/streams', '/ws/pipeline/']),
    );
  });
});

describe('what a document promises', () => {
  let server: Server;
  beforeAll(async () => {
    server = await serve({ port: 0, durable: { longPollTimeoutMs: 50 } });
  });
  afterAll(() => server.close());

  const all = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'];
  const filled = (path: string) => path.replace('{file}', 'icon.svg').replaceAll(/\{\w+\}/g, 'some');
  /** Whether the server does something about it: it may refuse, but not because it knows no such request. */
  const isAnswered = async (path: string, method: string): Promise<boolean> => {
    const controller = new AbortController();
    const response = await fetch(server.url + filled(path), { method, signal: controller.signal });
    const text =
      method === 'HEAD' || response.headers.get('content-type') === 'text/event-stream' ? '' : await response.text();
    controller.abort();
    return response.status !== 405 && !/"code":"(?:not-found|NOT_FOUND)","message":"there is nothing here/.test(text);
  };

  it.each(Object.entries(paths))('%s is answered, with these methods and no others', async (path, methods) => {
    const known = new Set(Object.keys(methods).map((method) => method.toUpperCase()));
    for (const method of all) {
      // HEAD has no words for a refusal, and is what GET is.
      if (method === 'HEAD' && !known.has('HEAD')) continue;
      expect(await isAnswered(path, method), `${method} ${path}`).toBe(known.has(method));
    }
  });
});
