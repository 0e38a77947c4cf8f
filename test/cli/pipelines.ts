// Pipelines for tests of the command line, and what their steps are and work with.
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { pipeline } from 'sluice/run';
import { createStepTypes } from 'sluice/run/json';

export const services = { greeting: 'hello' };

type Services = typeof services;

/** Says it bit by bit, then loudly. */
export const greet = pipeline<string, Services>('greet', { needs: ['greeting'] })
  .step('say', async function* (name, { services: { greeting }, emitProgress }) {
    yield `${greeting} `;
    emitProgress(0.5, 'half way');
    yield name;
  })
  .step('shout', (text) => text.toUpperCase());

export const fail = pipeline('fail').step('break', () => {
  throw new Error('it broke');
});

/** Never ends by itself; says so when it is stopped. */
export const wait = pipeline('wait').step('sit', async (_, { signal, log }) => {
  log('sitting');
  await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
});

/** Hangs in its second step until its process dies; the next one finishes it. What it comes to says which process ran the first. */
export const survive = pipeline('survive')
  .step('begin', () => process.pid)
  .step('work', async function* (pid, { attempt }) {
    yield `of ${pid} by attempt ${attempt}`;
    if (attempt === 1) await new Promise(() => {});
  });

/** Notes in a file which process runs what; the second of its steps waits for another file. */
export const relay = pipeline<string>('relay')
  .step('one', (file) => (noteIn(file, 'one'), file))
  .step('two', async (file) => {
    noteIn(file, 'two');
    while (!existsSync(`${file}.go`)) await pause(10);
    return file;
  })
  .step('three', (file) => (noteIn(file, 'three'), file))
  .step('four', (file) => (noteIn(file, 'four'), 'done'));

function noteIn(file: string, step: string): void {
  appendFileSync(file, `${step} ${process.pid}\n`);
}

/** Ann says whether. */
export const approve = pipeline('approve').step('ask', async (_, { waitFor }) => {
  return await waitFor('ok', { details: 'May it?', by: ['ann'] });
});

export const types = createStepTypes<Services>().with('greet', {
  parameters: z.strictObject({ name: z.string() }),
  needs: ['greeting'],
  run: ({ name }, { services: { greeting } }) => `${greeting} ${name}`,
});
