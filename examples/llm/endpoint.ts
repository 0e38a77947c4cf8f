// The parrot behind an endpoint that speaks as OpenAI's does, so that every client of OpenAI can be used with it:
// POST /v1/chat/completions, streamed or not, and GET /v1/models.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeEvent } from 'sluice/format/event-stream';
import { openBook } from '../start/book.js';
import { Parrot } from './parrot.js';

export const model = 'moby-dick-parrot';

/** Says in every answer what it is. */
const fingerprint = 'a word chain of Moby-Dick, no language model';

/** An endpoint on this machine. */
export interface Endpoint {
  /** To hand to a client as its base address. */
  readonly url: string;
  close(): Promise<void>;
}

interface Question {
  readonly messages: readonly { readonly content: unknown }[];
  readonly stream?: boolean;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly stream_options?: { readonly include_usage?: boolean };
}

/** Starts it; the parrot reads its book first. */
export async function startEndpoint({ port = 0, tokensPerSecond = 50 } = {}): Promise<Endpoint> {
  let text = '';
  for await (const part of openBook(undefined).text()) text += part;
  const parrot = new Parrot(text);
  const server = createServer((request, response) => {
    answer(request, response, parrot, tokensPerSecond).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500, String(error));
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, close };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  parrot: Parrot,
  tokensPerSecond: number,
): Promise<void> {
  const route = `${request.method} ${request.url}`;
  if (route === 'GET /v1/models')
    return json(response, 200, { object: 'list', data: [{ id: model, object: 'model' }] });
  if (route !== 'POST /v1/chat/completions') return refuse(response, 404, `there is no ${route}`);
  const question = await read(request);
  if (question === undefined) return refuse(response, 400, 'a question is JSON with a list of messages');
  const prompt = question.messages.map(({ content }) => JSON.stringify(content)).join('\n');
  const said = parrot.say(prompt, question.max_completion_tokens ?? question.max_tokens ?? 120);
  const about = {
    id: `parrot-${Date.now()}`,
    created: Math.floor(Date.now() / 1000),
    model,
    system_fingerprint: fingerprint,
  };
  if (question.stream !== true) {
    const content = [...said.tokens].join('');
    const choice = { index: 0, message: { role: 'assistant', content }, finish_reason: said.reason() };
    return json(response, 200, { ...about, object: 'chat.completion', choices: [choice] });
  }
  const head = {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  };
  response.writeHead(200, head);
  const write = async (data: object | '[DONE]'): Promise<void> => {
    const text =
      typeof data === 'string' ? data : JSON.stringify({ ...about, object: 'chat.completion.chunk', ...data });
    if (!response.write(writeEvent({ data: text })))
      await Promise.race([once(response, 'drain'), once(response, 'close')]);
  };
  let count = 0;
  for (const content of said.tokens) {
    // Nobody reads it any more: nothing more is said.
    if (response.closed) return;
    count++;
    await write({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
    await sleep(1000 / tokensPerSecond);
  }
  await write({ choices: [{ index: 0, delta: {}, finish_reason: said.reason() }] });
  const asked = prompt.split(/\s+/).length;
  const usage = { prompt_tokens: asked, completion_tokens: count, total_tokens: asked + count };
  if (question.stream_options?.include_usage === true) await write({ choices: [], usage });
  await write('[DONE]');
  response.end();
}

async function read(request: IncomingMessage): Promise<Question | undefined> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) if ((text += part as string).length > 1e6) return undefined;
  try {
    const question = JSON.parse(text) as Question;
    return Array.isArray(question.messages) ? question : undefined;
  } catch {
    return undefined;
  }
}

function json(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, message: string): void {
  json(response, status, { error: { message, type: 'invalid_request_error', code: null } });
}
