import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { lastValueFrom, type Observable, toArray } from 'rxjs';
import { fromAnthropic } from '../../../src/source/llm/anthropic.js';
import { fromGemini } from '../../../src/source/llm/gemini.js';
import { endAsEvent, isLlmEnd, type LlmEvent, type LlmFormat } from '../../../src/source/llm/llm.js';
import { fromOllama } from '../../../src/source/llm/ollama.js';
import { type OpenAiChatOptions, fromOpenAiChat } from '../../../src/source/llm/openai-chat.js';
import { fromOpenAiResponses } from '../../../src/source/llm/openai-responses.js';
import { jsonProblem } from '../../../src/chunk/index.js';
import { dataFile } from '../../data.js';

/** Reads an answer of any format; the options are those of the format. */
export type AnyReader = (source: never, options?: OpenAiChatOptions) => Observable<LlmEvent>;

export const readers: Readonly<Record<LlmFormat, AnyReader>> = {
  'openai-chat': fromOpenAiChat,
  'openai-responses': fromOpenAiResponses,
  anthropic: fromAnthropic,
  gemini: fromGemini,
  ollama: fromOllama,
};

export const formats = Object.keys(readers) as LlmFormat[];

/** All events of an answer, the failure as the last of them. */
export async function eventsOf(
  format: LlmFormat,
  source: unknown,
  options?: OpenAiChatOptions,
): Promise<readonly LlmEvent[]> {
  return await all(readers[format](source as never, options));
}

/** All events, the failure as the last of them. */
export async function all(answer: Observable<LlmEvent>): Promise<readonly LlmEvent[]> {
  const events = await lastValueFrom(answer.pipe(endAsEvent(), toArray()));
  checkLaw(events);
  return events;
}

/** The law every answer keeps, whatever was sent. */
export function checkLaw(events: readonly LlmEvent[]): void {
  const fail = (event: LlmEvent, why: string): never => {
    throw new Error(`${why}: ${JSON.stringify(event).slice(0, 200)}`);
  };
  const open = new Set<string>();
  const seen = new Set<string>();
  for (const [i, event] of events.entries()) {
    const last = i === events.length - 1;
    if (isLlmEnd(event) !== last) fail(event, 'an end is the last event, and only that');
    const silent = ['error', 'abort', 'keep-alive', 'raw', 'usage'].includes(event.type);
    if (!silent && (event.type === 'start') !== !seen.has('start')) fail(event, 'start is the first event, once');
    seen.add(event.type === 'start' ? 'start' : '');
    if (event.type === 'usage' && i !== events.length - 2) fail(event, 'usage stands right before the end');
    if (/-(?:start|delta|end)$/.test(event.type)) checkPart(event, open, seen, fail);
    if (event.type === 'tool-call' || event.type === 'tool-input-error') {
      if (!open.delete(`tool ${event.toolCallId}`)) fail(event, 'an input ends that was not open');
    }
    if (event.type === 'finish' && open.size > 0) fail(event, `${[...open].join(', ')} open at the end`);
    const problem = jsonProblem(event);
    if (problem !== undefined) fail(event, `it ${problem}`);
  }
}

function checkPart(
  event: LlmEvent,
  open: Set<string>,
  seen: Set<string>,
  fail: (event: LlmEvent, why: string) => never,
): void {
  const { type } = event;
  if (type === 'refusal-delta' || type === 'audio-delta') return;
  const { id, toolCallId } = event as { id?: string; toolCallId?: string };
  const part = id === undefined ? `tool ${toolCallId}` : `${type.split('-')[0]} ${id}`;
  if (type.endsWith('-start')) {
    if (seen.has(part)) fail(event, 'an id stands for two parts');
    seen.add(part);
    open.add(part);
  } else if (!open.has(part)) {
    fail(event, 'a part goes on that is not open');
  } else if (type.endsWith('-end')) {
    open.delete(part);
  } else if ((event as { delta: string }).delta === '') {
    fail(event, 'an empty delta');
  }
}

/** What an answer says, put together. */
export interface Said {
  readonly text: readonly string[];
  readonly reasoning: string;
  readonly tools: readonly { readonly id: string; readonly name: string; readonly args: string }[];
  readonly files: readonly string[];
  readonly end: LlmEvent;
}

export function saidIn(events: readonly LlmEvent[]): Said {
  const text: string[] = [];
  let reasoning = '';
  const tools = [];
  const files = [];
  for (const event of events) {
    if (event.type === 'text-delta') text[event.choice ?? 0] = (text[event.choice ?? 0] ?? '') + event.delta;
    if (event.type === 'reasoning-delta') reasoning += event.delta;
    if (event.type === 'file') files.push(event.data);
    if (event.type !== 'tool-call' && event.type !== 'tool-input-error') continue;
    tools.push({ id: event.toolCallId, name: event.toolName, args: event.inputText });
  }
  return { text, reasoning, tools, files, end: events.at(-1)! };
}

/** What is known of a recording. */
export interface Expected {
  readonly api: string;
  readonly text: Readonly<Record<string, { readonly sha256: string; readonly utf16: number }>>;
  readonly reasoning: { readonly sha256: string } | null;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly argsSha256: string }[];
  readonly finish: readonly string[];
  readonly usage: Readonly<Record<string, unknown>> | null;
  readonly error: { readonly message: string; readonly code?: unknown } | null;
  readonly extra: { readonly inlineData?: readonly { readonly sha256: string }[]; readonly citations?: number };
}

export interface Recording {
  readonly name: string;
  readonly format: LlmFormat;
  readonly bytes: Buffer;
  readonly expected: Expected;
}

/** The recordings, where there are any. */
export function recordings(): readonly Recording[] {
  const list = dataFile('llm/expected.json');
  if (list === undefined) return [];
  const all = JSON.parse(readFileSync(list, 'utf8')) as Record<string, Expected>;
  return Object.entries(all).map(([name, expected]) => ({
    name,
    format: expected.api.replace('-native', '') as LlmFormat,
    bytes: readFileSync(dataFile(`llm/${name}`)!),
    expected,
  }));
}

export const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

/** Events of server-sent events. */
export function sse(...items: readonly unknown[]): string {
  return items.map((item) => `data: ${typeof item === 'string' ? item : JSON.stringify(item)}\n\n`).join('');
}

/** Cut at these lengths, one after the other, again and again. */
export function slices(bytes: Uint8Array, lengths: () => number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + Math.max(1, lengths());
    parts.push(bytes.subarray(at, end));
    at = end;
  }
  return parts;
}

/** Numbers that look random, the same every time. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The places behind whole events. */
export function boundaries({ bytes, name }: Recording): number[] {
  const text = bytes.toString('latin1');
  const end = name.endsWith('.sse') ? /\r?\n\r?\n/g : /\n/g;
  return Array.from(text.matchAll(end), ({ index, 0: sign }) => index + sign.length).filter((at) => at < bytes.length);
}
