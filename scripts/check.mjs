// `npm run check`: everything that can be proven about the project besides its tests, in one command. One line per step with
// its time; what a step said only when it failed; exit code 1 if any did. Steps start in order, two at a time.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const code = ['src', 'operators', 'test', 'examples', 'scripts', 'bench', 'vitest.config.ts'].filter(existsSync);
const lint = ['--type-aware', '--deny-warnings', '--report-unused-disable-directives-severity', 'error', ...code];

/** What runs under Node, file first; `after` names steps that must have passed. */
const steps = [
  { name: 'format', run: ['node_modules/oxfmt/bin/oxfmt', '--check'] },
  { name: 'lint', run: ['node_modules/oxlint/bin/oxlint', ...lint] },
  { name: 'types', run: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'] },
  { name: 'browser types', run: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.browser.json'] },
  { name: 'papers', run: ['scripts/papers.mjs'] },
  {
    name: 'house',
    run: ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot', 'test/house.test.ts', 'test/exports.test.ts'],
  },
  { name: 'unused', run: ['node_modules/knip/bin/knip.js', '--no-progress', '--treat-config-hints-as-errors'] },
  { name: 'sizes', run: ['scripts/sizes.mjs'] },
  { name: 'build', run: ['scripts/build.mjs'] },
  { name: 'package', run: ['scripts/packed.mjs'], after: ['build'] },
];

/** What a step says goes through a pipe; whether it may be coloured depends on where it ends. */
const env = {
  ...process.env,
  ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1', FORCE_COLOR: undefined }),
};

const passed = new Map();
const begun = performance.now();
await Promise.all([work(), work()]);
const failed = steps.filter((step) => passed.get(step.name) !== true);
console.log(`${steps.length - failed.length} of ${steps.length} steps passed in ${seconds(begun)}`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Takes the next step that may start until none is left. */
async function work() {
  for (let step = take(); step !== undefined; step = take()) {
    await step.turn;
    const blocked = (step.after ?? []).find((name) => passed.get(name) === false);
    const { ok, said, took } = blocked === undefined ? await start(step.run) : notRun(blocked);
    passed.set(step.name, ok);
    step.done();
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${step.name.padEnd(14)} ${took}`);
    if (!ok) console.log(`\n${said.trim()}\n`);
  }
}

function take() {
  const step = steps.find((one) => one.finished === undefined);
  if (step === undefined) return undefined;
  step.finished = new Promise((resolve) => (step.done = resolve));
  step.turn = Promise.all((step.after ?? []).map((name) => steps.find((one) => one.name === name).finished));
  return step;
}

function start(args) {
  const since = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const hear = (text) => (said += text);
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ ok: false, said: String(error), took: seconds(since) }));
    child.on('close', (status) => resolve({ ok: status === 0, said, took: seconds(since) }));
  });
}

function notRun(blocked) {
  return { ok: false, said: `not run, because ${blocked} failed`, took: '-' };
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
