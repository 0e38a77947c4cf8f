import { Command } from 'commander';
import { ask, runPath } from '../ask.js';
import { serverOption } from '../connect.js';
import { jsonOrText } from '../input.js';
import { tokenOption } from '../token.js';

interface Flags {
  readonly server: string;
  readonly step?: string;
}

/** `sluice answer RUN NAME VALUE`: what a step of a run waits for. */
export function answerCommand(): Command {
  return new Command('answer')
    .description('answer a step of a run that waits')
    .argument('<run>', 'id of the run')
    .argument('<name>', 'what is waited for')
    .argument('<value>', 'the answer: JSON, or else a text')
    .addOption(serverOption())
    .addOption(tokenOption())
    .option('--step <id>', 'which step, where several wait under the name')
    .action(run);
}

async function run(executionId: string, name: string, value: string, { server, step }: Flags): Promise<void> {
  const body = { name, value: jsonOrText(value), ...(step === undefined ? {} : { step }) };
  const answered = await ask(server, runPath(executionId, '/input'), body);
  if (answered === undefined) throw new Error(`there is no run "${executionId}"`);
}
