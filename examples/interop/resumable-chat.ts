// A chat that outlives its readers. Begin an answer, break the connection, come back to it, stop it from anywhere.
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { concat, concatMap, from, map, type Observable, timer } from 'rxjs';
import { createChat, toUiMessage } from 'sluice/interop/ai-sdk';
import { createMemoryLog } from 'sluice/log/memory';
import type { LlmEvent } from 'sluice/source/llm';
import { createStreams } from 'sluice/streams';

/** Stands for a model. Yours is `fromOpenAiChat((signal) => …, { signal })`, or another of `sluice/source/llm`. */
function model(question: string): Observable<LlmEvent> {
  const words = `You ask: ${question} Call me Ishmael. Some years ago, never mind how long precisely.`.split(/(?<= )/);
  const id = 'text';
  const begin: LlmEvent[] = [
    { type: 'start', format: 'openai-chat' },
    { type: 'text-start', id },
  ];
  const said = from(words).pipe(
    concatMap((delta) => timer(50).pipe(map((): LlmEvent => ({ type: 'text-delta', id, delta })))),
  );
  const end: LlmEvent[] = [
    { type: 'text-end', id },
    { type: 'finish', finishReason: 'stop', rawFinishReason: 'stop' },
  ];
  return concat(begin, said, end);
}

// With a log in Redis or NATS any process gives the answer that another one produces.
const chat = createChat({
  streams: createStreams({ log: createMemoryLog() }),
  answer: ({ messages }) => {
    const parts = (messages.at(-1)?.['parts'] ?? []) as { text?: string }[];
    return model(parts.map(({ text = '' }) => text).join('')).pipe(toUiMessage());
  },
});

// In the page: useChat({ id, transport: createChatTransport({ api: '/api/chat' }), resume: true })
const app = new Hono();
app.all('/api/chat/*', ({ req }) => chat.handle(req.raw));
serve({ fetch: app.fetch, port: Number(process.env['PORT'] ?? 3000), hostname: '127.0.0.1' }, ({ port }) => {
  const url = `http://127.0.0.1:${port}/api/chat`;
  console.log(`curl -N ${url} -d '{"id":"1","messages":[{"role":"user","parts":[{"type":"text","text":"Who?"}]}]}'`);
  console.log(`curl -N ${url}/1/stream             # the same answer, from another terminal, also when it has ended`);
  console.log(`curl -X DELETE ${url}/1/stream      # stops it for all`);
});
