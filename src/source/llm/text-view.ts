import { asyncScheduler, concatMap, defer, map, type OperatorFunction, type SchedulerLike } from 'rxjs';
import { assemble } from '../../../operators/assemble.js';
import { checkBound } from '../../chunk/index.js';
import type { LlmEvent } from './event.js';

/** Options of {@link textView}. */
export interface TextViewOptions {
  /** Whether it shows what the model says or what it thinks. Default `text`. */
  readonly of?: 'text' | 'reasoning';
  /** UTF-16 units to expect, of which `fraction` is told. Default: nobody knows. */
  readonly expectedLength?: number;
  /** Shortest time between two views of a text that grows. Default: one for every delta. */
  readonly everyMs?: number;
  /** Most UTF-16 units of a text. One more fails the stream. Default 1 000 000. */
  readonly maxLength?: number;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** How far a text has come. */
export interface TextProgress {
  /** UTF-16 units. */
  readonly length: number;
  /** Of what is expected, at most 1; `undefined` where nobody knows how much it will be. */
  readonly fraction: number | undefined;
  /** Since somebody began to read. */
  readonly elapsedMs: number;
  /** UTF-16 units a second; 0 where no time has passed. */
  readonly perSecond: number;
}

/** A text as an interface shows it. */
export interface TextView {
  /** Which of several answers. */
  readonly choice: number;
  /** What is new since the view before. */
  readonly delta: string;
  /** All of it. Joined when it is read. */
  readonly text: string;
  readonly progress: TextProgress;
  /** `growing`; `done` behind `finish`; `partial` when the answer ended in any other way. */
  readonly status: 'growing' | 'done' | 'partial';
}

/**
 * Shows the text of an answer as it grows: all texts of a choice as one.
 *
 * - **Emits** a view when a text has grown, at most every `everyMs`; the last one is `done` behind a `finish`, and `partial`
 *   before an error and when the answer ended otherwise.
 * - **Errors** with `overflow` on a text beyond `maxLength`; with the source.
 * - **Completes** with the source.
 * - **Holds** a text of `maxLength` for each choice, 64 choices at most.
 *
 * @example
 * // source        s-a-b-f|   a, b: text-delta   f: finish
 * // textView()    --x-y-z|   z: { delta: '', text: 'ab', status: 'done' }
 * answer$.pipe(textView({ everyMs: 50 })).subscribe(({ text }) => (element.textContent = text));
 */
export function textView(options: TextViewOptions = {}): OperatorFunction<LlmEvent, TextView> {
  const { of = 'text', expectedLength, everyMs, maxLength = 1_000_000, scheduler = asyncScheduler } = options;
  if (of !== 'text' && of !== 'reasoning') throw new TypeError('of must be "text" or "reasoning"');
  if (expectedLength !== undefined) checkBound('expectedLength', expectedLength);
  const wanted = `${of}-delta`;
  const together = assemble<LlmEvent, number>({
    key: (event) => ('choice' in event ? (event.choice ?? 0) : 0),
    delta: (event) => (event.type === wanted ? (event as { delta: string }).delta : undefined),
    finish: (event) => (event.type === 'finish' ? event.finishReason : undefined),
    maxLength,
    scheduler,
    ...(everyMs === undefined ? {} : { everyMs }),
  });
  return (source) =>
    defer(() => {
      const begun = scheduler.now();
      return source.pipe(
        concatMap(perChoice),
        together,
        map((text): TextView => {
          const { key: choice, delta, length, status } = text;
          const elapsedMs = scheduler.now() - begun;
          const progress = {
            length,
            fraction: expectedLength === undefined ? undefined : Math.min(1, length / expectedLength),
            elapsedMs,
            perSecond: elapsedMs > 0 ? (length * 1000) / elapsedMs : 0,
          };
          const shown = status === 'growing' || status === 'done' ? status : 'partial';
          return {
            choice,
            delta,
            progress,
            status: shown,
            get text() {
              return text.text;
            },
          };
        }),
      );
    });
}

/** One event ends all answers: each text needs its own. */
function perChoice(event: LlmEvent): LlmEvent[] {
  if (event.type !== 'finish' || event.choices === undefined) return [event];
  return event.choices.map(({ choice }) => Object.assign({}, event, { choice }));
}
