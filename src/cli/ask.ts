import type { StreamInfo } from '../chunk/index.js';
import { token } from './token.js';

/** How long a server has to answer, in milliseconds. */
const patienceMs = 30_000;

/** Asks a server over HTTP. @throws with its words when it refuses; `undefined` for 404 */
export async function ask(server: string, path: string, body?: object): Promise<unknown> {
  const response = await request(new URL(path, server), body);
  const text = await response.text();
  if (response.ok) return text === '' ? undefined : (JSON.parse(text) as unknown);
  if (response.status === 404) return undefined;
  const { code, message } = refusal(text);
  throw new Error(message === undefined ? `the server answers ${response.status}` : `${message} (${code})`);
}

async function request(url: URL, body: object | undefined): Promise<Response> {
  try {
    return await fetch(url, {
      signal: AbortSignal.timeout(patienceMs),
      headers: { ...whoAsks(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  } catch (error) {
    const { cause, message } = error as Error;
    const why = (cause as NodeJS.ErrnoException | undefined)?.code ?? message;
    throw new Error(`there is no server at ${url.origin}: ${why}`, { cause: error });
  }
}

function whoAsks(): Record<string, string> {
  const known = token();
  return known === undefined ? {} : { authorization: `Bearer ${known}` };
}

function refusal(text: string): { readonly code?: string; readonly message?: string } {
  try {
    return JSON.parse(text) as { code?: string; message?: string };
  } catch {
    return {};
  }
}

/** The path of a run, and of what is done to it. */
export function runPath(executionId: string, verb = ''): string {
  return `/v1/runs/${encodeURIComponent(executionId)}${verb}`;
}

/** All streams of a server whose names begin so. */
export async function listStreams(server: string, prefix = ''): Promise<readonly StreamInfo[]> {
  const all = (await ask(server, '/streams')) as readonly StreamInfo[];
  return all.filter(({ streamId }) => streamId.startsWith(prefix));
}
