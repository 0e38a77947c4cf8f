import { run, type Running } from '../run.js';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../programs.js';
import { main } from './command-line.js';

/** Makes a terminal for a program; `undefined` where it is not, and then said aloud. */
export const scriptPath = findProgram('script', 'apt-get install util-linux');

/** Runs `sluice` in a terminal of its own. What it shows comes as it would on a screen. */
export function inTerminal(...args: string[]): Running {
  return run(fileURLToPath(new URL('in-terminal.mjs', import.meta.url)), [scriptPath!, main, ...args]);
}
