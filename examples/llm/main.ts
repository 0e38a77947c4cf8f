// npm run llm [-- QUESTION]: asks a language model, shows the answer as it comes, and says how it ended. Ctrl-C calls it off.
import { lastValueFrom, tap } from 'rxjs';
import { endAsEvent } from 'sluice/source/llm';
import { openModel } from './model.js';

const question = process.argv.slice(2).join(' ') || 'What did Ahab see in the Whale?';
const model = await openModel();
const controller = new AbortController();
process.once('SIGINT', () => controller.abort(new Error('called off')));

process.stdout.write(`${model.name} is asked: ${question}\n\n`);
const end = await lastValueFrom(
  model.ask(question, controller.signal).pipe(
    endAsEvent(),
    tap((event) => event.type === 'text-delta' && process.stdout.write(event.delta)),
  ),
);
await model.close();

if (end.type === 'finish')
  process.stdout.write(`\n\nfinished: ${end.finishReason}, ${end.usage?.outputTokens ?? '?'} tokens\n`);
else {
  process.stdout.write(`\n\nnot finished: ${end.type === 'error' ? `${end.trouble}: ${end.message}` : 'called off'}\n`);
  process.exitCode = 1;
}
