// Readers of an answer: the clients of the providers, as their documentation says, and ours. Each answers how much it has read,
// in UTF-16 units of what the model said or thought.
import { Anthropic } from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { Ollama } from 'ollama';
import { OpenAI } from 'openai';
import { fromAnthropic } from '../dist/src/source/llm/anthropic.js';
import { fromGemini } from '../dist/src/source/llm/gemini.js';
import { fromOllama } from '../dist/src/source/llm/ollama.js';
import { fromOpenAiChat } from '../dist/src/source/llm/openai-chat.js';
import { fromOpenAiResponses } from '../dist/src/source/llm/openai-responses.js';
import { responseOf } from './streams.mjs';

let answer;
const fetch = async () => responseOf(answer);
// The one client that takes no `fetch` of ours.
globalThis.fetch = fetch;

const messages = [{ role: 'user', content: 'hello' }];
const openai = new OpenAI({ apiKey: 'none', fetch });
const anthropic = new Anthropic({ apiKey: 'none', fetch });
const gemini = new GoogleGenAI({ apiKey: 'none' });
const ollama = new Ollama({ fetch });

async function sum(stream, lengthOf) {
  let length = 0;
  for await (const item of await stream) length += lengthOf(item) ?? 0;
  return length;
}

const clients = {
  'openai-chat': () =>
    sum(openai.chat.completions.create({ model: 'm', messages, stream: true }), ({ choices: [choice] }) => {
      const { content, reasoning_content: thought } = choice.delta;
      return (content?.length ?? 0) + (thought?.length ?? 0);
    }),
  'openai-responses': () =>
    sum(openai.responses.create({ model: 'm', input: 'x', stream: true }), ({ type, delta }) =>
      type === 'response.output_text.delta' ? delta.length : 0,
    ),
  anthropic: () =>
    sum(anthropic.messages.create({ model: 'm', max_tokens: 9, messages, stream: true }), ({ type, delta }) =>
      type === 'content_block_delta' ? delta.text?.length : 0,
    ),
  gemini: () =>
    sum(gemini.models.generateContentStream({ model: 'm', contents: 'x' }), ({ candidates: [{ content }] }) => {
      const [part] = content?.parts ?? [];
      return part?.text?.length ?? part?.inlineData?.data.length;
    }),
  ollama: () =>
    sum(ollama.chat({ model: 'm', messages, stream: true }), ({ message }) => {
      return message.content.length + (message.thinking?.length ?? 0);
    }),
};

const ours = {
  'openai-chat': fromOpenAiChat,
  'openai-responses': fromOpenAiResponses,
  anthropic: fromAnthropic,
  gemini: fromGemini,
  ollama: fromOllama,
};

function read(format) {
  return new Promise((resolve, reject) => {
    let length = 0;
    ours[format](() => fetch()).subscribe({
      next: (event) => {
        if (event.type === 'text-delta' || event.type === 'reasoning-delta') length += event.delta.length;
        else if (event.type === 'file') length += event.data.length;
      },
      error: reject,
      complete: () => resolve(length),
    });
  });
}

/** Reads these pieces, by the provider's client or by ours. */
export async function readBy(peer, format, pieces) {
  answer = pieces;
  return await (peer === 'sluice' ? read(format) : clients[format]());
}
