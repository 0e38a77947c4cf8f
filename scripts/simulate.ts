// `npm run simulate -- --seeds N --seed S`: runs client and gateway over links that do everything links can do, under virtual
// time, for N seeds from S on; `--seed S` alone runs that one again. What goes wrong is told in full, with a marble diagram, for
// the first few seeds and in one line for the others; exit code 1 if anything did.
import { parseArgs } from 'node:util';
// Not through `sluice/testing`, which brings vitest.
import { simulate, type Simulation } from '../src/testing/simulate.js';

/** Told in full. */
const maxReports = 3;
/** Told at all: whoever has so many knows. */
const maxFailures = 20;
const progressMs = 1000;

const { seeds, first } = readArguments();
const failures: Simulation[] = [];
const total = { seeds: 0, chunks: 0, messages: 0, virtualMs: 0 };
const begun = performance.now();
let shownAt = begun;

for (let seed = first; seed < first + seeds && failures.length < maxFailures; seed++) {
  const run = await simulate(seed);
  total.seeds++;
  total.chunks += run.figures.chunks;
  total.messages += run.figures.messages;
  total.virtualMs += run.figures.virtualMs;
  if (run.findings.length > 0) tell(run);
  showProgress();
}

const took = performance.now() - begun;
const hours = (total.virtualMs / 3_600_000).toFixed(1);
console.log(
  `${total.seeds} ${total.seeds === 1 ? 'seed' : 'seeds'} from ${first}: ${failures.length} failed; ${total.chunks} chunks in ${total.messages} messages and ` +
    `${hours} virtual hours; ${(took / 1000).toFixed(1)} s, ${(took / total.seeds).toFixed(2)} ms a seed`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

function readArguments(): { seeds: number; first: number } {
  try {
    const { values } = parseArgs({ options: { seeds: { type: 'string' }, seed: { type: 'string' } } });
    const one = values.seed !== undefined && values.seeds === undefined;
    return {
      seeds: one ? 1 : wholeNumber('seeds', values.seeds ?? '10000', 1),
      first: wholeNumber('seed', values.seed ?? '0', 0),
    };
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: npm run simulate -- [--seeds N] [--seed S]`);
    process.exit(2);
  }
}

function wholeNumber(name: string, text: string, min: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
  throw new RangeError(`--${name} must be a whole number of at least ${min}, got ${text}`);
}

function tell(run: Simulation): void {
  failures.push(run);
  console.log(failures.length <= maxReports ? `${run.report()}\n` : `seed ${run.seed}: ${run.findings[0]!.what}`);
}

function showProgress(): void {
  const now = performance.now();
  if (!process.stderr.isTTY || now - shownAt < progressMs) return;
  shownAt = now;
  process.stderr.write(`\r${total.seeds} of ${seeds} seeds, ${failures.length} failed `);
}
