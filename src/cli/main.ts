#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { StreamError } from '../chunk/index.js';
import { actorCommand } from './commands/actor.js';
import { answerCommand } from './commands/answer.js';
import { cancelCommand } from './commands/cancel.js';
import { configCommand } from './commands/config.js';
import { infoCommand } from './commands/info.js';
import { keyCommand } from './commands/key.js';
import { llmCommand } from './commands/llm.js';
import { lsCommand } from './commands/ls.js';
import { publishCommand } from './commands/publish.js';
import { replayCommand } from './commands/replay.js';
import { runCommand } from './commands/run.js';
import { serveCommand } from './commands/serve.js';
import { tailCommand } from './commands/tail.js';
import { useToken } from './token.js';
import { workerCommand } from './commands/worker.js';

const { version } = createRequire(import.meta.url)('sluice/package.json') as { version: string };

const program = new Command('sluice')
  .description('Streams of chunks that must arrive.')
  .version(version)
  .hook('preAction', (_, command) => useToken(command))
  .addCommand(serveCommand())
  .addCommand(configCommand())
  .addCommand(keyCommand())
  .addCommand(publishCommand())
  .addCommand(tailCommand())
  .addCommand(lsCommand())
  .addCommand(infoCommand())
  .addCommand(cancelCommand())
  .addCommand(runCommand())
  .addCommand(replayCommand())
  .addCommand(answerCommand())
  .addCommand(actorCommand())
  .addCommand(workerCommand())
  .addCommand(llmCommand());

showWhereHelpIs(program);

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`sluice: ${describe(error)}\n`);
  process.exitCode = 1;
}

function describe(error: unknown): string {
  if (error instanceof StreamError) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}

/** Who has said a command wrongly is told where the right words are. */
function showWhereHelpIs(command: Command, words = command.name()): void {
  command.showHelpAfterError(`(${words} --help tells more)`);
  for (const part of command.commands) showWhereHelpIs(part, `${words} ${part.name()}`);
}
