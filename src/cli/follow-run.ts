import type { Chunk } from '../chunk/index.js';
import { finalEvents, type RunEvent, runEvents } from '../run/index.js';
import { LiveScreen } from './live-screen.js';
import { isWatched, write, writeLine } from './output.js';
import { RunView } from './run-view.js';

/** Options of {@link followRun}. */
export interface FollowRunOptions {
  /** NDJSON also on a terminal. */
  readonly json?: boolean | undefined;
  /** Which events are shown as NDJSON. Default: all. */
  readonly shows?: (event: RunEvent) => boolean;
  /** Asked when a step waits; with the question on the screen. */
  readonly waiting?: (event: Waiting) => Promise<void>;
}

/** A step waits for somebody. */
export type Waiting = Extract<RunEvent, { event_type: 'step_waiting' }>;

/**
 * Shows a run until its end: live on a terminal, an event a line in a pipe. Nothing is taken while standard output is full.
 *
 * @param chunks - those of the run's stream
 * @returns the event that ended it
 */
export async function followRun(
  chunks: AsyncIterable<Pick<Chunk, 'data'>>,
  options: FollowRunOptions = {},
): Promise<RunEvent | undefined> {
  const events = eventsOf(chunks);
  return isWatched(options) ? await live(events, options) : await lines(events, options);
}

async function* eventsOf(chunks: AsyncIterable<Pick<Chunk, 'data'>>): AsyncGenerator<RunEvent> {
  for await (const { data } of chunks) yield runEvents.accept(data) as unknown as RunEvent;
}

async function lines(
  events: AsyncIterable<RunEvent>,
  { shows = () => true, waiting }: FollowRunOptions,
): Promise<RunEvent | undefined> {
  let end: RunEvent | undefined;
  for await (const event of events) {
    if (shows(event)) await writeLine(event);
    if (event.event_type === 'step_waiting') await waiting?.(event);
    if (finalEvents.has(event.event_type)) end = event;
  }
  return end;
}

async function live(events: AsyncIterable<RunEvent>, { waiting }: FollowRunOptions): Promise<RunEvent | undefined> {
  const view = new RunView();
  const screen = new LiveScreen(process.stdout, (columns, rows, frame) => view.lines(columns, rows, frame));
  screen.start();
  try {
    for await (const event of events) {
      view.add(event);
      if (event.event_type !== 'step_waiting' || waiting === undefined) continue;
      screen.stop();
      await waiting(event);
      screen.start();
    }
  } finally {
    screen.stop();
  }
  const { end } = view;
  if (end?.event_type === 'pipeline_complete') await write(resultOf(end.data.output));
  return end;
}

function resultOf(output: unknown): string {
  if (output === undefined) return '';
  return `\n${typeof output === 'string' ? output : JSON.stringify(output, null, 2)}\n`;
}
