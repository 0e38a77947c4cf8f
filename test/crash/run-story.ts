import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline, type RunEvent, type StepContext } from '../../src/run/index.js';

/** What a worker is told to do: these runs, until it is killed or they have ended. */
export interface RunOrders {
  readonly url: string;
  readonly runs: readonly string[];
}

/** What a worker says: a step's function has been called. */
export interface StepSaid {
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
}

const words = 40;
const items = 6;

/** What the story comes to, however often it is interrupted. */
const expected = {
  write: Array.from({ length: words }, (_, i) => `w${i} `).join(''),
  shout: Array.from({ length: words }, (_, i) => `W${i} `).join(''),
  output: { length: words * 4 - 10, items: Array.from({ length: items }, (_, i) => i * i), counted: 20 },
} as const;

/** A pipeline with everything that can be interrupted: streams that are read while they are written, items, a checkpoint. */
export function story(ran: (said: StepSaid) => void) {
  const say = ({ executionId: run, stepId: step, attempt }: StepContext): void => ran({ run, step, attempt });
  return pipeline<string>('story', { streaming: { bufferSize: 4, flushIntervalMs: 5 } })
    .step('prepare', (text, context) => (say(context), text))
    .step('write', async function* (_, context) {
      say(context);
      for (let i = 0; i < words; i++) {
        yield `w${i} `;
        await sleep(1);
      }
    })
    .step(
      'shout',
      async function* (input, context) {
        say(context);
        for await (const word of input) yield word.toUpperCase();
      },
      { input: 'stream' },
    )
    .parallel('both', {
      items: (start) =>
        start
          .step('list', () => Array.from({ length: items }, (_, i) => i))
          .map(
            'each',
            (each) =>
              each
                .step('wait', async (n, context) => (say(context), await sleep(5), n))
                .step('square', (n, context) => (say(context), n * n)),
            { concurrency: 3 },
          ),
      counted: (start) =>
        start.step('count', async (_, context) => {
          say(context);
          let n = (context.restored ?? 0) as number;
          for (; n < expected.output.counted; n++) {
            await sleep(1);
            await context.checkpoint(n + 1);
          }
          return n;
        }),
      length: (start) => start.step('length', (text) => text.length),
    });
}

/** What is wrong with what a reader of a run was told, from the first event to the last. */
export function judgeRun(run: string, events: readonly RunEvent[]): string[] {
  const findings: string[] = [];
  const find = (what: string): void => void findings.push(`${run}: ${what}`);
  const attempts = new Map<string, number>();
  const texts = new Map<string, string>();
  const done = new Set<string>();
  for (const { event_type: type, step_id: step, data } of events) {
    if (step === null) continue;
    const { attempt } = data as { attempt?: number };
    if (done.has(step)) find(`${type} of ${step}, which has finished`);
    if (type === 'step_retry') {
      if (attempt! <= (attempts.get(step) ?? 0)) find(`${step} is run again as attempt ${attempt}`);
      attempts.set(step, attempt!);
      texts.delete(step);
    }
    if (type === 'step_start') {
      const due = attempts.get(step) ?? 1;
      if (attempt !== due) find(`${step} begins as attempt ${attempt}, and was said to be ${due}`);
      attempts.set(step, attempt!);
    }
    if (type === 'step_output') {
      if (attempt !== attempts.get(step)) find(`${step} puts out as attempt ${attempt}`);
      texts.set(step, (texts.get(step) ?? '') + (data as { values: string[] }).values.join(''));
    }
    if (type === 'step_complete') done.add(step);
  }
  for (const step of ['write', 'shout'] as const) {
    if (texts.get(step) !== expected[step]) find(`a view of ${step} shows ${JSON.stringify(texts.get(step))}`);
  }
  const ends = events.filter(({ event_type: type }) => /^pipeline_(?!start|handover|undoing)/.test(type));
  if (ends.length !== 1 || ends[0] !== events.at(-1)) find(`${ends.length} ends`);
  const { output } = (ends[0]?.data ?? {}) as { output?: unknown };
  if (JSON.stringify(sorted(output)) !== JSON.stringify(sorted(expected.output))) {
    find(`it came to ${JSON.stringify(output)}`);
  }
  return findings;
}

function sorted(output: unknown): unknown {
  return Object.entries(Object(output) as object).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
