// Runs stories, or takes up those that others have begun, until it is killed, is asked to leave, or they have ended.
import { openLog } from '../../src/node/open-log.js';
import { createRuns } from '../../src/run/index.js';
import { createStreams } from '../../src/streams/index.js';
import { type RunOrders, story } from './run-story.js';

const { url, runs: ids } = JSON.parse(process.argv[2]!) as RunOrders;
const log = await openLog(url);
const runs = createRuns({ streams: createStreams({ log }) });
// Nothing is buffered: a pipe takes a line before `write` returns.
const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
const told = story((said) => say(said));

process.once('SIGTERM', () => {
  void leave();
});

try {
  await Promise.all(ids.map(run));
} catch (error) {
  if (codeOf(error) !== 'run-left') throw error;
  // It goes before anything else can be said.
  await new Promise(() => {});
}
say({ said: 'end' });
await log.dispose();

/** Steps have time to finish, but not all of them. */
async function leave(): Promise<void> {
  await runs.leave({ withinMs: 10 });
  await log.dispose();
  process.exit();
}

async function run(id: string): Promise<void> {
  try {
    await runs.resume(told, id).result;
  } catch (error) {
    if (codeOf(error) !== 'run-not-found') throw error;
    await runs.start(told, 'once', { executionId: id }).result;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string }).code;
}
