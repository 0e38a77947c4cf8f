import { Command, Option } from 'commander';
import { type JsonValue, toStreamError } from '../../chunk/index.js';
import { logForms } from '../../node/open-log.js';
import { queueForms } from '../../node/open-queue.js';
import {
  type Actor,
  type ActorChunk,
  type ActorEnd,
  type ActorStream,
  isActorEnd,
  remoteActor,
} from '../../run/index.js';
import { exitCodes } from '../exit-codes.js';
import { inputOption, readInput } from '../input.js';
import { leaseOption, queueNameOption } from '../queue-options.js';
import { onInterrupt } from '../interrupt.js';
import { choose, loadActors } from '../load.js';
import { openExchange } from '../open-exchange.js';
import { isWatched, leave, write, writeLine } from '../output.js';

interface Flags {
  readonly module?: string;
  readonly input?: string;
  readonly stream?: boolean;
  readonly queue?: string;
  readonly queueName: string;
  readonly leaseMs: number;
  readonly log?: string;
  readonly id?: string;
  readonly json?: boolean;
}

type AnyCall = Actor<JsonValue | undefined, JsonValue, JsonValue>;

/** `sluice actor run NAME`: calls an actor, here or through a queue. */
export function actorCommand(): Command {
  const call = new Command('run')
    .description('call an actor: one that a module exports, or one that workers serve through a queue')
    .argument('<name>', 'name of the actor')
    .addOption(new Option('--module <file>', 'module that exports it').conflicts('queue'))
    .addOption(inputOption())
    .option('--stream', 'show all it says; otherwise only what it comes to')
    .option('--queue <url>', `where its workers are: ${queueForms}`)
    .addOption(queueNameOption())
    .addOption(leaseOption())
    .option('--log <url>', `where they write what they say: ${logForms}`)
    .option('--id <id>', 'names the call; a second one of the name joins the first, through a queue')
    .option('--json', 'write NDJSON, on a terminal as well')
    .addHelpText('after', '\nExit codes: 0 completed, 1 failed, 130 interrupted.')
    .action(run);
  return new Command('actor').description('work with actors').addCommand(call);
}

async function run(name: string, flags: Flags): Promise<void> {
  const input = await readInput(flags.input);
  const { actor, cancel, dispose } = await open(name, flags);
  const { id = crypto.randomUUID() } = flags;
  const interrupted = new AbortController();
  const off = onInterrupt(() => interrupted.abort('interrupted'));
  const { signal } = interrupted;
  let end: ActorEnd | undefined;
  try {
    const call = actor.stream(input, { signal, id });
    end = flags.stream === true ? await showAll(call, flags) : await showResult(call);
    if (signal.aborted) await cancel(id);
  } finally {
    off();
    await dispose();
  }
  const { completed, failed } = exitCodes;
  await leave(signal.aborted ? exitCodes.interrupted : end?.type === 'complete' ? completed : failed);
}

type Call = ActorStream<JsonValue, JsonValue>;

async function showAll(call: Call, flags: Flags): Promise<ActorEnd | undefined> {
  const watched = isWatched(flags);
  for await (const chunk of call) {
    if (watched) await write(shown(chunk));
    else await writeLine(chunk);
    if (isActorEnd(chunk)) return chunk;
  }
  return undefined;
}

async function showResult(call: Call): Promise<ActorEnd> {
  try {
    const output = await call.output();
    if (output !== undefined) await writeLine(output);
    return { type: 'complete' };
  } catch (error) {
    const { message } = toStreamError(error, 'internal');
    process.stderr.write(`sluice: ${message}\n`);
    return { type: 'error', message };
  }
}

interface Opened {
  readonly actor: AnyCall;
  /** Resolves when it is kept that nobody wants the call. */
  cancel(id: string): Promise<void>;
  dispose(): Promise<void>;
}

async function open(name: string, { module, queue: queueUrl, queueName, leaseMs, log }: Flags): Promise<Opened> {
  if (module !== undefined) {
    const actor = choose('actor', await loadActors(module), name) as unknown as AnyCall;
    return { actor, cancel: async () => {}, dispose: async () => {} };
  }
  if (queueUrl === undefined || log === undefined) {
    throw new TypeError('say where the actor is: --module, or --queue and --log');
  }
  const { queue, streams, dispose } = await openExchange({ queue: queueUrl, queueName, leaseMs, log });
  const actor = remoteActor<JsonValue | undefined>(queue, streams, name);
  return { actor, cancel: async (id) => await actor.cancel(id, 'interrupted'), dispose };
}

const clearLine = '\r\u001b[K';

/** For people: data as it is, and where the actor is in a line that is written over. */
function shown(chunk: ActorChunk): string {
  switch (chunk.type) {
    case 'progress': {
      const { current, total, message = '' } = chunk;
      return `${clearLine}${current}${total === undefined ? '' : `/${total}`} ${message}`;
    }
    case 'data':
      return `${clearLine}${textOf(chunk.value)}`;
    case 'complete':
      return chunk.output === undefined ? '\n' : `${clearLine}${textOf(chunk.output)}\n`;
    case 'error':
      return `${clearLine}✗ ${chunk.message}\n`;
    default:
      return '';
  }
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : `${JSON.stringify(value)}\n`;
}
