import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { event } from './events.js';
import { ComponentStage } from './stage.js';

const report = pipeline('report')
  .step('fetch', async (_, { emitProgress }) => {
    emitProgress(0.4, 'page 4 of <b>10</b>');
    await sleep(30);
    return 'pages';
  })
  .step('approve', async (_, { waitFor }) => await waitFor('approval', { details: { pages: 10 } }))
  .step('send', (answer) => `sent: ${JSON.stringify(answer)}`);

let tries = 0;
const sunk = pipeline('sunk').step(
  'row',
  () => {
    throw new Error(`hole ${++tries}`);
  },
  { retry: { attempts: 2, delayMs: 1 } } as never,
);

describe.skipIf(executablePath === undefined)('<sluice-run> in a real Chromium', () => {
  const stage = new ComponentStage();
  const element = '<sluice-run run="r"></sluice-run>';
  const begin = (which: typeof report | typeof sunk) => {
    const run = stage.server.runs.start(which as never, 'x' as never, { executionId: 'r' });
    run.result.catch(() => {});
    return run;
  };

  it('shows the steps live, is answered, and shows how it ended', async () => {
    const run = begin(report);
    const page = await stage.open(element);
    await page.getByRole('status').filter({ hasText: 'waiting' }).waitFor();
    await page.locator('li', { hasText: 'page 4 of <b>10</b>' }).waitFor();
    await page.locator('pre', { hasText: '"pages": 10' }).waitFor();
    await page.getByLabel('It waits for').fill('{"yes":true}');
    await page.getByRole('button', { name: 'Answer' }).click();
    await page.getByRole('status').filter({ hasText: 'completed' }).waitFor();
    expect(await run.result).toBe('sent: {"yes":true}');
    expect(await page.locator('li .name').allTextContents()).toEqual(['fetch', 'approve', 'send']);
    expect(await page.locator('form').count()).toBe(0);
  });

  it('takes what is no JSON for text, and leaves the answer to a page that wants it', async () => {
    begin(report);
    const page = await stage.open(element);
    await page.evaluate(() => {
      document.addEventListener('sluice-answer', (event) => {
        event.preventDefault();
        document.title = JSON.stringify((event as CustomEvent).detail);
      });
    });
    await page.getByLabel('It waits for').fill('so be it');
    await page.getByRole('button', { name: 'Answer' }).click();
    await expect.poll(() => page.title()).toBe('{"run":"r","step":"approve","name":"approval","value":"so be it"}');
  });

  it('says why an answer was refused', async () => {
    stage.expected = /409|ERR_FAILED/;
    begin(report);
    const page = await stage.open(element);
    const refuse = async (answer: { status: number; body: string } | undefined) => {
      await page.route('**/input', (route) => (answer === undefined ? route.abort() : route.fulfill(answer)));
      await page.getByLabel('It waits for').fill('1');
      await page.getByRole('button', { name: 'Answer' }).click();
    };
    await refuse({ status: 409, body: '{"message":"it was answered before"}' });
    await page.getByRole('alert').filter({ hasText: 'it was answered before' }).waitFor();
    await refuse(undefined);
    await page.getByRole('alert').filter({ hasText: 'cannot be reached' }).waitFor();
  });

  it('cancels the run, once asked again', async () => {
    const run = begin(report);
    const page = await stage.open(element);
    await page.getByRole('status').filter({ hasText: 'waiting' }).waitFor();
    await page.getByRole('button', { name: 'Cancel run' }).click();
    const question = page.getByRole('group', { name: 'Cancel this run?' });
    await question.waitFor();
    // Who strikes the same key again by mistake keeps it.
    await page.keyboard.press('Enter');
    await question.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.getByRole('button', { name: 'Cancel it' }).click();
    await page.getByRole('status').filter({ hasText: 'cancelled' }).waitFor();
    await expect(run.result).rejects.toMatchObject({ code: 'run-cancelled' });
    expect(await page.getByRole('button').count()).toBe(0);
  });

  it('leaves cancelling to a page that wants it', async () => {
    begin(report);
    const page = await stage.open(element);
    await page.evaluate(() => {
      document.addEventListener('sluice-cancel', (event) => {
        event.preventDefault();
        document.title = JSON.stringify((event as CustomEvent).detail);
      });
    });
    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.getByRole('button', { name: 'Cancel it' }).click();
    await expect.poll(() => page.title()).toBe('{"run":"r"}');
    await page.getByRole('button', { name: 'Cancel run' }).waitFor();
  });

  it('asks nobody about a run that has ended before it shows that', async () => {
    const page = await stage.open('<sluice-run></sluice-run>');
    const run = page.locator('sluice-run');
    await run.evaluate(
      (found, begun) => {
        const state = { subscribe: (next: (state: string) => void) => (next('open'), { unsubscribe: () => {} }) };
        const receive = () => ({
          subscribe: ({ next }: { next: (chunk: object) => void }) => {
            Object.assign(globalThis, { take: (data: unknown) => next({ data, size: 1 }) });
            next({ data: begun, size: 1 });
            return { unsubscribe: () => {} };
          },
        });
        Object.assign(found, { client: { state, receive }, run: 'r' });
      },
      event('pipeline_start', 1, { pipeline: 'p', attempt: 1 }) as object,
    );
    await page.getByRole('button', { name: 'Cancel' }).waitFor();
    await run.evaluate(
      (found, over) => {
        (globalThis as unknown as { take: (data: unknown) => void }).take(over);
        found.shadowRoot!.querySelector<HTMLElement>('.cancel button')!.click();
      },
      event('pipeline_complete', 2) as object,
    );
    await page.getByRole('status').filter({ hasText: 'completed' }).waitFor();
    expect(await page.getByRole('button').count()).toBe(0);
  });

  it('says why it could not be cancelled, and lets one try again', async () => {
    stage.expected = /403/;
    begin(report);
    const page = await stage.open(element);
    await page.route('**/cancel', (route) => route.fulfill({ status: 403, body: '{"message":"not by you"}' }));
    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.getByRole('button', { name: 'Cancel it' }).click();
    await page.getByRole('alert').filter({ hasText: 'not by you' }).waitFor();
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.getByRole('button', { name: 'Cancel it' }).click();
    await page.getByRole('status').filter({ hasText: 'cancelled' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('shows attempts and errors', async () => {
    tries = 0;
    begin(sunk);
    const page = await stage.open(element);
    await page.getByRole('status').filter({ hasText: 'failed' }).waitFor();
    await page.locator('li', { hasText: 'attempt 2' }).filter({ hasText: 'hole 2' }).waitFor();
  });

  it('shows what a step puts out, while it does and later', async () => {
    const steps = ['pipeline_start', 'step_start', 'step_output', 'step_output'] as const;
    await stage.publish(
      'runs/r',
      ...steps.map((type) => event(type, 1, { pipeline: 'p', attempt: 1, values: ['<i>Call me</i> '] })),
    );
    const page = await stage.open(element);
    await page.getByRole('region', { name: 'Output' }).filter({ hasText: '<i>Call me</i> <i>Call me</i>' }).waitFor();
    await stage.publish('runs/r', event('step_complete', 1, { duration_ms: 5 }));
    await page.getByText('Output').click();
    await page.getByRole('region', { name: 'Output' }).waitFor();
    await stage.server.streams.close('runs/r', 'failed', 'the process died');
    await page.getByRole('status').filter({ hasText: 'lost' }).waitFor();
  });

  it('replays a run that has ended, at any time of it', async () => {
    const events = [
      event('pipeline_start', 1000, { pipeline: 'p', attempt: 1 }),
      event('step_start', 2000, { attempt: 1 }),
      event('step_progress', 3000, { fraction: 0.25, message: 'a quarter' }),
      event('step_complete', 5000, { duration_ms: 3000 }),
      event('pipeline_complete', 6000, { duration_ms: 5000 }),
    ];
    await stage.publish('runs/r', ...events);
    await stage.server.streams.close('runs/r');
    const page = await stage.open(element);
    await page.getByRole('status').filter({ hasText: 'completed' }).waitFor();
    const slider = page.getByLabel('Replay');
    await slider.fill('3500');
    await page.getByRole('status').filter({ hasText: 'running' }).waitFor();
    await page.locator('li.working', { hasText: 'a quarter' }).waitFor();
    expect(await page.locator('progress').evaluate((found) => (found as HTMLProgressElement).value)).toBe(0.25);
    await slider.focus();
    await page.keyboard.press('End');
    await page.getByRole('status').filter({ hasText: 'completed' }).waitFor();
  });

  it('says that there is no run', async () => {
    const page = await stage.open('<sluice-run></sluice-run>');
    await page.getByText('No run is chosen.').waitFor();
    await page.locator('sluice-run').evaluate((found) => found.setAttribute('run', 'ghost'));
    await page.getByText('ghost').first().waitFor();
    await page.getByRole('status').filter({ hasText: 'nothing yet' }).waitFor();
    await page.getByText('The server knows no run of this name; it may begin yet.').waitFor();
    expect(await page.locator('.error').count()).toBe(0);
    await stage.publish('runs/ghost', event('pipeline_start', 1, { pipeline: 'p', attempt: 1 }));
    await page.getByText('No step has begun.').waitFor();
  });
});
