import { afterEach } from 'vitest';
import { type Server, serve, type ServeOptions, type ServedRunsOptions } from 'sluice/node';
import { pipeline } from 'sluice/run';

/** Says its input letter by letter, then shouts it. */
export const shout = pipeline<string>('shout')
  .step('spell', async function* (text, { emitProgress }) {
    emitProgress(0.5, 'half');
    for (const letter of text) yield letter;
  })
  .step('raise', (text) => text.toUpperCase());

/** Waits for somebody to say yes. */
export const approval = pipeline<string>('approval').step('ask', async (_, { waitFor }) => await waitFor('yes'));

/** Waits for Ann alone. */
const forAnn = pipeline<string>('for-ann').step('ask', async (_, { waitFor }) => await waitFor('yes', { by: ['ann'] }));

/** A server with these pipelines, which ends with the test; and how to ask it. */
export function runStage() {
  const running: Server[] = [];
  afterEach(async () => {
    for (const server of running.splice(0)) await server.close();
  });
  return async (runs: ServedRunsOptions = {}, options: ServeOptions = {}) => {
    const server = await serve({ port: 0, ...options, runs: { pipelines: [shout, approval, forAnn], ...runs } });
    running.push(server);
    const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      const response = await fetch(server.url + path, {
        method,
        headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: text === '' ? null : read(text) };
    };
    return { server, ask };
  };
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads an answer until it has told something, and leaves. */
export async function readUntil({ body }: Response, told: string): Promise<void> {
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; !text.includes(told);) {
    const { done, value = '' } = await reader.read();
    if (done) throw new Error(`the answer ended before it told ${told}: ${text}`);
    text += value;
  }
  await reader.cancel();
}

/** The events of a body in SSE: their ids, names and data. */
export function eventsIn(text: string): { id: number; event: string; data: unknown }[] {
  const found = text.matchAll(/^(?:id: (\d+)\n)?event: (.*)\n(?:id: (\d+)\n)?data: (.*)\n/gm);
  return [...found].map(([, id, event, later, data]) => ({
    id: Number(id ?? later ?? -1),
    event: event!,
    data: JSON.parse(data!) as unknown,
  }));
}
