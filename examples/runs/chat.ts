// A chat of three components, CLI → LLM → CLI: each answer is shown token by token while the model still speaks.
// node examples/runs/chat.ts, or: echo 'What did Ahab see?' | node examples/runs/chat.ts
import { createInterface } from 'node:readline';
import { filter, map } from 'rxjs';
import { pipeline, runPipeline } from 'sluice/run';
import { type Model, openModel } from '../llm/model.js';

const chat = pipeline<string, Model>('chat')
  // In: one value.
  .step('question', (line) => line.trim())
  // The model: a value in, a stream out. Whoever stops the run stops the model.
  .step('model', (question, { services: model, signal }) =>
    model.ask(question, signal).pipe(
      filter((event) => event.type === 'text-delta'),
      map(({ delta }) => delta),
    ),
  )
  // Out: a stream in, and how much it was.
  .step(
    'screen',
    async (tokens) => {
      let count = 0;
      for await (const token of tokens) {
        process.stdout.write(token);
        count++;
      }
      return count;
    },
    { input: 'stream' },
  );

const model = await openModel();
console.log(`${model.name} listens.`);
const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: '\n> ' });
let listening = true;
lines.once('close', () => (listening = false));
lines.prompt();
for await (const line of lines) {
  if (line.trim() === '') continue;
  const count = await runPipeline(chat, line, { services: model });
  console.log(`\n(${count} tokens)`);
  // When it was the last question, Node 24 refuses to ask for more.
  if (listening) lines.prompt();
}
await model.close();
