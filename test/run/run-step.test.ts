import { pipeline, type RetryOptions } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { fastTime, stage } from './stage.js';

function failing(times: number, options: { readonly retry: RetryOptions }) {
  let attempts = 0;
  const run = (): string => {
    if (++attempts <= times) throw new Error(`no ${attempts}`);
    return 'yes';
  };
  return pipeline('p').step('try', run, options);
}

const waits = async (times: number, options: { readonly retry: RetryOptions }, random = 0) => {
  const { events } = await stage(failing(times, options), undefined, { scheduler: fastTime(), random: () => random });
  return events.flatMap((event) => (event.event_type === 'step_retry' ? [event.data.delay_ms] : []));
};

describe('run step', () => {
  it('waits twice as long each time, half of it by chance, and no longer than it may', async () => {
    expect(await waits(4, { retry: { attempts: 5, delayMs: 100, maxDelayMs: 300 } })).toEqual([50, 100, 150, 150]);
    expect(await waits(2, { retry: { attempts: 3, delayMs: 100 } }, 0.5)).toEqual([75, 150]);
    expect(await waits(1, { retry: { attempts: 2 } })).toEqual([250]);
  });

  it('gives up after as many attempts as it may make', async () => {
    const { error } = await stage(failing(9, { retry: { attempts: 3, delayMs: 1 } }), undefined, {
      scheduler: fastTime(),
    });
    expect(error).toEqual(new Error('no 3'));
  });

  it('does not begin again when the run is cancelled while it waits', async () => {
    const controller = new AbortController();
    let attempts = 0;
    const flaky = pipeline('p').step(
      'try',
      () => {
        attempts++;
        setTimeout(() => controller.abort('enough'));
        throw new Error('no');
      },
      { retry: { attempts: 3, delayMs: 2 ** 30 } },
    );
    const { told } = await stage(flaky, undefined, { signal: controller.signal });
    expect([attempts, told.at(-1)]).toEqual([1, 'pipeline_cancelled "enough"']);
  });

  it('makes nothing of events where nobody listens, retries and all', async () => {
    let asked = 0;
    const scheduler = fastTime();
    const { now } = scheduler;
    // Waiting takes the time, too.
    const schedule = scheduler.schedule.bind(scheduler);
    scheduler.schedule = ((...args: Parameters<typeof schedule>) => {
      scheduler.now = now;
      const subscription = schedule(...args);
      scheduler.now = () => asked++;
      return subscription;
    }) as typeof schedule;
    const { output } = await stage(failing(1, { retry: { attempts: 2, delayMs: 0 } }), undefined, {
      scheduler,
      sink: undefined as never,
    });
    expect([output, asked]).toEqual(['yes', 0]);
  });
});
