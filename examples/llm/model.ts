// Which model answers: the first of OpenAI (or what speaks like it), Anthropic, Gemini and Ollama that the environment names, and
// the parrot on this machine where it names none. Each is asked by its own client.
import type { Observable } from 'rxjs';
import type { LlmEvent } from 'sluice/source/llm';
import { fromAnthropic } from 'sluice/source/llm/anthropic';
import { fromGemini } from 'sluice/source/llm/gemini';
import { fromOllama } from 'sluice/source/llm/ollama';
import { fromOpenAiChat } from 'sluice/source/llm/openai-chat';
import { model as parrot, startEndpoint } from './endpoint.js';

/** A model that can be asked. */
export interface Model {
  readonly name: string;
  ask(question: string, signal?: AbortSignal): Observable<LlmEvent>;
  close(): Promise<void>;
}

const { env } = process;

/** The model the environment names. `LLM_MODEL` says which of the provider's. */
export async function openModel(): Promise<Model> {
  if (env['OPENAI_API_KEY'] !== undefined || env['OPENAI_BASE_URL'] !== undefined) {
    return await openAi(env['LLM_MODEL'] ?? 'gpt-4o-mini', { apiKey: env['OPENAI_API_KEY'] ?? 'none' });
  }
  if (env['ANTHROPIC_API_KEY'] !== undefined) return await anthropic(env['LLM_MODEL'] ?? 'claude-sonnet-4-5');
  if (env['GEMINI_API_KEY'] !== undefined)
    return await gemini(env['LLM_MODEL'] ?? 'gemini-2.5-flash', env['GEMINI_API_KEY']);
  if (env['OLLAMA_HOST'] !== undefined) return await ollama(env['LLM_MODEL'] ?? 'qwen3', env['OLLAMA_HOST']);
  const endpoint = await startEndpoint({ tokensPerSecond: Number(env['TOKENS_PER_SECOND'] ?? 50) });
  const local = await openAi(parrot, { apiKey: 'none', baseURL: endpoint.url });
  return {
    ...local,
    name: `${parrot} (a word chain of the book on this machine, no language model)`,
    close: endpoint.close,
  };
}

const nothing = async (): Promise<void> => {};
const asked = (content: string): { role: 'user'; content: string }[] => [{ role: 'user', content }];
const given = (signal?: AbortSignal): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });

async function openAi(model: string, options: { readonly apiKey: string; readonly baseURL?: string }): Promise<Model> {
  const { OpenAI } = await import('openai');
  const client = new OpenAI(options);
  const ask: Model['ask'] = (question, signal) => {
    const body = { model, messages: asked(question), stream: true, stream_options: { include_usage: true } } as const;
    return fromOpenAiChat((own) => client.chat.completions.create(body, { signal: own }), given(signal));
  };
  return { name: model, ask, close: nothing };
}

async function anthropic(model: string): Promise<Model> {
  const { Anthropic } = await import('@anthropic-ai/sdk');
  const client = new Anthropic();
  const ask: Model['ask'] = (question, signal) => {
    const body = { model, max_tokens: 1024, messages: asked(question), stream: true } as const;
    return fromAnthropic((own) => client.messages.create(body, { signal: own }), given(signal));
  };
  return { name: model, ask, close: nothing };
}

async function gemini(model: string, apiKey: string): Promise<Model> {
  const { GoogleGenAI } = await import('@google/genai');
  const { models } = new GoogleGenAI({ apiKey });
  const ask: Model['ask'] = (contents, signal) =>
    fromGemini(
      (abortSignal) => models.generateContentStream({ model, contents, config: { abortSignal } }),
      given(signal),
    );
  return { name: model, ask, close: nothing };
}

async function ollama(model: string, host: string): Promise<Model> {
  const { Ollama } = await import('ollama');
  // A client for each question: aborting one stops all of its questions.
  const ask: Model['ask'] = (question, signal) =>
    fromOllama(() => new Ollama({ host }).chat({ model, messages: asked(question), stream: true }), given(signal));
  return { name: model, ask, close: nothing };
}
