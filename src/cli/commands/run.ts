import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import type { JsonValue } from '../../chunk/index.js';
import { openLog, logForms } from '../../node/open-log.js';
import { createRuns, type Run, type Runs } from '../../run/index.js';
import { eventsOf } from '../../run/names.js';
import { createStreams, type Streams } from '../../streams/index.js';
import { exitCodeOf, exitCodesText } from '../exit-codes.js';
import { followRun, type Waiting } from '../follow-run.js';
import { inputOption, jsonOrText, readInput } from '../input.js';
import { onInterrupt } from '../interrupt.js';
import { choose, loadPipelines } from '../load.js';
import { ofFlag } from '../of-flag.js';
import { leave } from '../output.js';

interface Flags {
  readonly input?: string;
  readonly name?: string;
  readonly module?: string;
  readonly log: string;
  readonly executionId?: string;
  readonly resume?: string;
  readonly answer: Readonly<Record<string, JsonValue>>;
  readonly as?: string;
  readonly json?: boolean;
}

/** `sluice run FILE`: runs a pipeline here, live on a terminal, as NDJSON in a pipe. */
export function runCommand(): Command {
  return new Command('run')
    .description('run a pipeline: one written in JSON or YAML, or one that a module exports')
    .argument('<file>', 'FILE.json, FILE.yaml, or a module: FILE.mjs, FILE.ts')
    .addOption(inputOption())
    .option('--name <name>', 'which pipeline, where the module exports several')
    .option('--module <file>', 'module that exports the `types` of the steps and the `services` they work with')
    .option('--log <url>', `where the run is kept: ${logForms}`, 'memory')
    .option('--execution-id <id>', 'id of the run; default: a random one')
    .option('--resume <id>', 'go on with a run of which the process has died')
    .option('--answer <name=value>', 'answer to a step that waits, JSON or text; as often as needed', addAnswer, {})
    .option('--as <who>', 'who answers')
    .option('--json', 'write events as NDJSON, on a terminal as well')
    .addHelpText('after', exitCodesText)
    .action(run);
}

async function run(file: string, flags: Flags): Promise<void> {
  const { pipelines, services } = await loadPipelines(file, flags.module);
  const pipeline = choose('pipeline', pipelines, flags.name);
  const input = await readInput(flags.input);
  const streams = createStreams({ log: await ofFlag('--log', () => openLog(flags.log)) });
  let code: number;
  try {
    const runs = createRuns({ streams, services });
    const id = flags.executionId === undefined ? {} : { executionId: flags.executionId };
    const begun: Run<unknown> =
      flags.resume === undefined ? runs.start(pipeline, input as never, id) : runs.resume(pipeline, flags.resume);
    code = await follow(streams, runs, begun, flags);
  } finally {
    await streams.dispose();
  }
  await leave(code);
}

async function follow(streams: Streams, runs: Runs<unknown>, going: Run<unknown>, flags: Flags): Promise<number> {
  const { executionId, begun } = going;
  await begun;
  const interrupted = new AbortController();
  const { signal } = interrupted;
  const off = onInterrupt(() => {
    interrupted.abort();
    // Where the log is gone, that ends the run as well.
    runs.cancel(executionId, 'interrupted').catch(() => {});
  });
  try {
    const waiting = async (event: Waiting): Promise<void> => await answer(runs, event, flags, signal);
    const end = await followRun(streams.read(eventsOf(executionId)), { json: flags.json, waiting });
    return exitCodeOf(end, signal.aborted);
  } finally {
    off();
  }
}

/** Answers a step that waits, by what the command was told, or by who sits at the terminal. */
async function answer(
  runs: Runs<unknown>,
  { execution_id: executionId, step_id: step, data: { name, details } }: Waiting,
  flags: Flags,
  signal: AbortSignal,
): Promise<void> {
  const value = Object.hasOwn(flags.answer, name) ? flags.answer[name] : await ask(name, details, signal);
  if (value === undefined) return;
  const by = flags.as === undefined ? {} : { by: flags.as };
  await runs.answer(executionId, name, value, { step: step!, ...by });
}

async function ask(name: string, details: unknown, signal: AbortSignal): Promise<JsonValue | undefined> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // A terminal that is read from line by line keeps Ctrl-C to itself.
  terminal.once('SIGINT', () => process.emit('SIGINT', 'SIGINT'));
  const about = details === undefined ? '' : ` (${typeof details === 'string' ? details : JSON.stringify(details)})`;
  try {
    return jsonOrText(await terminal.question(`${name}${about}: `, { signal }));
  } catch {
    // Nobody wants to know any more.
    return undefined;
  } finally {
    terminal.close();
  }
}

function addAnswer(text: string, before: Readonly<Record<string, JsonValue>>): Readonly<Record<string, JsonValue>> {
  const at = text.indexOf('=');
  if (at < 1) throw new TypeError('--answer must be NAME=VALUE');
  return { ...before, [text.slice(0, at)]: jsonOrText(text.slice(at + 1)) };
}
