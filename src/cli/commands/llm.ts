import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { Command, Option } from 'commander';
import type { Observable } from 'rxjs';
import { createFlow } from '../../flow/index.js';
import { toAsyncIterable } from '../../source/iterable.js';
import { fromAnthropic } from '../../source/llm/anthropic.js';
import { fromGemini } from '../../source/llm/gemini.js';
import {
  endAsEvent,
  isLlmEnd,
  type LlmEnd,
  type LlmEvent,
  type LlmFormat,
  type LlmOptions,
} from '../../source/llm/llm.js';
import { fromOllama } from '../../source/llm/ollama.js';
import { fromOpenAiChat } from '../../source/llm/openai-chat.js';
import { fromOpenAiResponses } from '../../source/llm/openai-responses.js';

type Bytes = AsyncIterable<Uint8Array>;
type Show = 'text' | 'reasoning' | 'events';

interface Flags {
  readonly format: LlmFormat;
  readonly text?: boolean;
  readonly reasoning?: boolean;
  readonly events?: boolean;
}

const readers: Readonly<Record<LlmFormat, (bytes: Bytes, options: LlmOptions) => Observable<LlmEvent>>> = {
  'openai-chat': fromOpenAiChat,
  'openai-responses': fromOpenAiResponses,
  anthropic: fromAnthropic,
  gemini: fromGemini,
  ollama: fromOllama,
};

/** How the command ends where the answer does not finish: in any other trouble with 1. */
const exitCodes: Readonly<Record<string, number>> = { truncated: 3, provider: 4, aborted: 5 };

/** `sluice llm FILE`: the answer of a language model, recorded or live, on standard output. */
export function llmCommand(): Command {
  return new Command('llm')
    .description('read the answer of a language model, as its provider sends it, and tell how it ended')
    .argument('<file>', 'file with the bytes of the answer, or - for standard input')
    .addOption(
      new Option('--format <format>', 'whose words they are').choices(Object.keys(readers)).makeOptionMandatory(),
    )
    .addOption(new Option('--text', 'write the text (default)').conflicts(['reasoning', 'events']))
    .addOption(new Option('--reasoning', 'write what the model thinks').conflicts('events'))
    .option('--events', 'write every event as one line of JSON')
    .addHelpText('after', '\nExit codes: 0 finished, 3 truncated, 4 provider error, 5 aborted, 1 anything else.')
    .action(run);
}

async function run(file: string, { format, reasoning, events }: Flags): Promise<void> {
  const bytes: Bytes = file === '-' ? process.stdin : (await open(file)).createReadStream();
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Error('interrupted'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const flow = createFlow();
  const answer = readers[format](bytes, { flow, signal: controller.signal }).pipe(endAsEvent());
  const show: Show = events === true ? 'events' : reasoning === true ? 'reasoning' : 'text';
  try {
    for await (const event of toAsyncIterable(answer, { capacity: 64, flow })) {
      const output = outputOf(event, show);
      // Nothing is read while standard output is full.
      if (output !== '' && !process.stdout.write(output)) await once(process.stdout, 'drain');
      if (isLlmEnd(event)) end(event);
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function outputOf(event: LlmEvent, show: Show): string {
  if (show === 'events') return `${JSON.stringify(event)}\n`;
  // Of several answers the first: texts that come at the same time cannot be read.
  return event.type === `${show}-delta` && !('choice' in event) ? (event as { delta: string }).delta : '';
}

function end(event: LlmEnd): void {
  if (event.type === 'finish') return;
  const trouble = event.type === 'abort' ? 'aborted' : event.trouble;
  const said = event.type === 'abort' ? event.reason : event.message;
  process.stderr.write(`sluice: ${trouble}: ${said}\n`);
  process.exitCode = exitCodes[trouble] ?? 1;
}
