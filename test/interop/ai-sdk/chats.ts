import { AbstractChat as Chat5 } from 'ai5';
import { AbstractChat as Chat6 } from 'ai6';
import { Subject } from 'rxjs';
import { type Chat, type ChatOptions, createChat } from '../../../src/interop/ai-sdk/chat.js';
import { type ChatTransportOptions, createChatTransport } from '../../../src/interop/ai-sdk/chat-transport.js';
import type { AnyUiChunk } from '../../../src/interop/ai-sdk/ui-chunk.js';
import { createMemoryLog } from '../../../src/log/memory.js';
import { createStreams, type Streams } from '../../../src/streams/index.js';

/** A message as a page shows it. */
export interface PageMessage {
  readonly id: string;
  readonly role: string;
  readonly parts: readonly { readonly type: string; readonly text?: string; readonly state?: string }[];
}

/** What `useChat` is behind its hook, as far as tests use it. */
export interface Page {
  readonly messages: PageMessage[];
  readonly status: string;
  readonly error: Error | undefined;
  sendMessage(message: { text: string }): Promise<void>;
  resumeStream(): Promise<void>;
  stop(): Promise<void>;
}

/** The state `useChat` keeps in React, kept in plain fields. */
class PlainState {
  status = 'ready';
  error = undefined;
  messages: PageMessage[];
  constructor(messages: readonly PageMessage[]) {
    this.messages = [...messages];
  }
  pushMessage = (message: PageMessage): void => void (this.messages = [...this.messages, message]);
  popMessage = (): void => void (this.messages = this.messages.slice(0, -1));
  replaceMessage = (index: number, message: PageMessage): void => {
    this.messages = this.messages.with(index, structuredClone(message));
  };
  snapshot = <T>(thing: T): T => structuredClone(thing);
}

type MakePage = (id: string, transport: object, messages?: readonly PageMessage[]) => Page;

function pageOf(base: unknown): MakePage {
  const Base = base as new (init: object) => object;
  class PlainChat extends Base {}
  return (id, transport, messages = []) => new PlainChat({ id, transport, state: new PlainState(messages) }) as Page;
}

/** Makes pages of both major versions. */
export const pages: Readonly<Record<string, MakePage>> = { 'ai 5': pageOf(Chat5), 'ai 6': pageOf(Chat6) };

/** An answer that says what the test tells it to. */
export interface Answer {
  readonly chunks$: Subject<AnyUiChunk>;
  readonly signal: AbortSignal;
  say(...words: string[]): void;
  finish(): void;
}

/** A server with chats, asked without a network. */
export interface Office {
  readonly streams: Streams;
  readonly chat: Chat;
  readonly answers: Answer[];
  fetch(url: string, init: RequestInit): Promise<Response>;
  transport(options?: ChatTransportOptions): ReturnType<typeof createChatTransport<never>>;
}

export function openOffice(options: Partial<ChatOptions> = {}): Office {
  const streams = options.streams ?? createStreams({ log: createMemoryLog() });
  const answers: Answer[] = [];
  const answer = (_: unknown, signal: AbortSignal) => {
    const chunks$ = new Subject<AnyUiChunk>();
    const say = (...words: string[]): void => {
      for (const delta of words) chunks$.next({ type: 'text-delta', id: 't', delta } as AnyUiChunk);
    };
    const finish = (): void => {
      for (const chunk of [
        { type: 'text-end', id: 't' },
        { type: 'finish-step' },
        { type: 'finish', finishReason: 'stop' },
      ])
        chunks$.next(chunk);
      chunks$.complete();
    };
    answers.push({ chunks$, signal, say, finish });
    queueMicrotask(() => {
      for (const chunk of [{ type: 'start' }, { type: 'start-step' }, { type: 'text-start', id: 't' }])
        chunks$.next(chunk);
    });
    return chunks$;
  };
  const chat = createChat({ streams, answer, ...options });
  const fetch = async (url: string, init: RequestInit): Promise<Response> =>
    await chat.handle(new Request(new URL(url, 'http://127.0.0.1'), init));
  return { streams, chat, answers, fetch, transport: (more = {}) => createChatTransport<never>({ fetch, ...more }) };
}

/** The text a page shows, of all answers. */
export function textOn({ messages }: Page): string {
  const answers = messages.filter(({ role }) => role === 'assistant');
  return answers.flatMap(({ parts }) => parts.map(({ text = '' }) => text)).join('');
}
