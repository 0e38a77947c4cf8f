import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Anthropic } from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { Ollama } from 'ollama';
import { OpenAI } from 'openai';
import type { LlmFormat, LlmSource } from '../../../src/source/llm/llm.js';
import { sse } from './reading.js';

/** A server on this machine that answers as a provider would. */
export interface Provider {
  readonly url: string;
  /** Resolves when the connection of the first request has been closed, with what was written by then. */
  readonly closed: Promise<number>;
  close(): Promise<void>;
}

/** Answers every request with these pieces, one after the other, and goes on for as long as there are any. */
export async function startProvider(
  pieces: () => Iterable<string | Uint8Array>,
  options: ProviderOptions = {},
): Promise<Provider> {
  let heardClose!: (written: number) => void;
  const closed = new Promise<number>((resolve) => (heardClose = resolve));
  const server = createServer((request, response) => {
    let written = 0;
    response.on('close', () => heardClose(written));
    response.writeHead(options.status ?? 200, { 'content-type': 'text/event-stream', ...options.headers });
    void write(request, response, pieces(), options, () => written++);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, closed, close: () => stop(server) };
}

export interface ProviderOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What happens behind the last piece. Default `end`. */
  readonly after?: 'end' | 'stay' | 'break';
}

async function write(
  request: IncomingMessage,
  response: ServerResponse,
  pieces: Iterable<string | Uint8Array>,
  { after = 'end' }: ProviderOptions,
  wrote: () => void,
): Promise<void> {
  request.resume();
  for (const piece of pieces) {
    if (response.closed || response.destroyed) return;
    wrote();
    response.write(piece);
    // A turn of the event loop for each, so that pieces arrive as pieces.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (after === 'end') response.end();
  if (after === 'break') response.socket?.destroy();
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** Asks a provider by its own client, as its documentation says. */
export function bySdk(format: LlmFormat, url: string): (signal: AbortSignal) => Promise<LlmSource<never>> {
  const messages = [{ role: 'user' as const, content: 'hello' }];
  const asks: Record<LlmFormat, (signal: AbortSignal) => Promise<unknown>> = {
    'openai-chat': (signal) => openai(url).chat.completions.create({ model: 'm', messages, stream: true }, { signal }),
    'openai-responses': (signal) =>
      openai(url).responses.create({ model: 'm', input: 'hello', stream: true }, { signal }),
    anthropic: (signal) =>
      anthropic(url).messages.create({ model: 'm', max_tokens: 9, messages, stream: true }, { signal }),
    gemini: (abortSignal) => {
      const client = new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: url } });
      return client.models.generateContentStream({ model: 'm', contents: 'hello', config: { abortSignal } });
    },
    // It knows no signal: its stream is aborted by itself.
    ollama: () => new Ollama({ host: url }).chat({ model: 'm', messages, stream: true }),
  };
  return asks[format] as (signal: AbortSignal) => Promise<LlmSource<never>>;
}

const openai = (url: string): OpenAI => new OpenAI({ apiKey: 'none', baseURL: `${url}/v1`, maxRetries: 0 });
const anthropic = (url: string): Anthropic => new Anthropic({ apiKey: 'none', baseURL: url, maxRetries: 0 });

/** An answer without an end, in any format. */
export function* endless(format: LlmFormat): Generator<string> {
  const first: Partial<Record<LlmFormat, string>> = {
    'openai-responses': named({ type: 'response.created', response: { id: 'r', model: 'm' } }),
    anthropic:
      named({ type: 'message_start', message: { id: 'm', model: 'c', usage: { input_tokens: 1 } } }) +
      named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  };
  yield first[format] ?? '';
  for (;;) yield word(format);
}

function word(format: LlmFormat): string {
  switch (format) {
    case 'openai-chat':
      return sse({ id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: 'word ' } }] });
    case 'openai-responses':
      return named({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'word ' });
    case 'anthropic':
      return named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'word ' } });
    case 'gemini':
      return sse({ candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'word ' }] } }] });
    case 'ollama':
      return `${JSON.stringify({ model: 'm', message: { role: 'assistant', content: 'word ' }, done: false })}\n`;
  }
}

/** An event with its name, which some clients go by. */
export function named(item: { readonly type: string; readonly [name: string]: unknown }): string {
  return `event: ${item.type}\n${sse(item)}`;
}
