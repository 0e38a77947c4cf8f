// Answers of ten thousand events, made of recorded ones, so that every reader has the same bytes to read.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = process.env.SLUICE_DATA ?? fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const count = 10_000;

const sse = (data) => `data: ${JSON.stringify(data)}\n\n`;
const named = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

/** The values of a recording. */
function recorded(name) {
  const text = readFileSync(`${folder}/llm/${name}`, 'utf8');
  const lines = text.split(/\r?\n/).map((line) => line.replace(/^data: /, ''));
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

/** The values again and again, as many as it takes. */
function repeated(values) {
  return Array.from({ length: count }, (_, i) => values[i % values.length]);
}

const makers = {
  'openai-chat': () => {
    const all = recorded('deepseek-chat-reasoning.sse');
    const deltas = all.filter(({ choices }) => choices[0].finish_reason === null);
    return [...[...repeated(deltas), all.at(-1)].map(sse), 'data: [DONE]\n\n'];
  },
  'openai-responses': () => {
    const all = recorded('openai-responses-reasoning-text.sse');
    const deltas = all.filter(({ type }) => type === 'response.output_text.delta');
    return [all[0], ...repeated(deltas), all.at(-1)].map(named);
  },
  anthropic: () => {
    const all = recorded('anthropic-thinking-signature.sse');
    const text = all.findLast(({ type }) => type === 'content_block_start');
    const deltas = all.filter(({ index, type }) => type === 'content_block_delta' && index === text.index);
    return [all[0], text, ...repeated(deltas), ...all.slice(-3)].map(named);
  },
  gemini: () => {
    const all = recorded('gemini-thinking-crlf.sse');
    const deltas = all.slice(0, -1).filter(({ candidates }) => !candidates[0].content.parts[0].thought);
    return [...repeated(deltas), all.at(-1)].map((data) => sse(data).replaceAll('\n', '\r\n'));
  },
  ollama: () => {
    const all = recorded('ollama-native-chat-thinking.ndjson');
    return [...repeated(all.slice(0, -1)), all.at(-1)].map((data) => `${JSON.stringify(data)}\n`);
  },
};

/** An answer in pieces of so many bytes, or of an event each. */
export function stream(format, pieceBytes) {
  const events = makers[format]();
  const encoder = new TextEncoder();
  if (pieceBytes === undefined) return { events: events.length, pieces: events.map((event) => encoder.encode(event)) };
  return { events: events.length, pieces: cut(encoder.encode(events.join('')), pieceBytes) };
}

/** An answer of one event with so many bytes of a picture, in pieces of 1 KiB. */
export function picture(bytes) {
  const inlineData = { mimeType: 'image/png', data: 'iVBORw0K'.repeat(bytes / 8) };
  const event = sse({ candidates: [{ index: 0, content: { parts: [{ inlineData }] }, finishReason: 'STOP' }] });
  return { events: 1, pieces: cut(new TextEncoder().encode(event), 1024) };
}

function cut(bytes, length) {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
    bytes.subarray(i * length, (i + 1) * length),
  );
}

/** What `fetch` would answer. */
export function responseOf(pieces) {
  let at = 0;
  const body = new ReadableStream({
    pull: (controller) => {
      if (at < pieces.length) controller.enqueue(pieces[at++]);
      else controller.close();
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}
