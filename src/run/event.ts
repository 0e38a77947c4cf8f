import * as z from 'zod';
import { firstProblem, type JsonValue, jsonProblem, type PayloadKinds, StreamError } from '../chunk/index.js';

const json = z.custom<JsonValue>((value) => jsonProblem(value) === undefined, {
  error: (issue) => `must be JSON but ${jsonProblem(issue.input)}`,
});
const milliseconds = z.number().min(0);
const attempt = z.int().min(1);
const base64 = z.literal('base64').optional();
const trouble = { message: z.string(), code: z.string().optional() };

/** What the events of a run tell, by their `event_type`. */
export const runEventKinds = {
  /** A run has begun; `attempt` counts the processes that took it up. */
  pipeline_start: z.strictObject({ pipeline: z.string(), input: json.optional(), attempt }),
  /** The process that had the run leaves it to another, which goes on with `pipeline_start`. */
  pipeline_handover: z.strictObject({}),
  step_start: z.strictObject({ attempt }),
  /** How far a step is, from 0 to 1. */
  step_progress: z.strictObject({ fraction: z.number().min(0).max(1), message: z.string().optional() }),
  /** Pieces of what a step puts out, in order; bytes as base64. Those of a lower attempt do not count any more. */
  step_output: z.strictObject({ attempt, values: z.array(json), encoding: base64 }),
  /**
   * What a step came to, and in how many pieces, if it came in pieces. `lost`: no event can hold the output, so that after a
   * crash the step is run again, unless its pieces make it up.
   */
  step_complete: z.strictObject({
    attempt,
    output: json.optional(),
    encoding: base64,
    pieces: z.int().min(0).optional(),
    lost: z.boolean().optional(),
    duration_ms: milliseconds,
  }),
  /** An attempt failed; it was the last one where no `step_retry` follows. */
  step_error: z.strictObject({ attempt, ...trouble, duration_ms: milliseconds }),
  /** A step will be run again, as this attempt: what it had put out before does not count. */
  step_retry: z.strictObject({ attempt, delay_ms: milliseconds, reason: z.string() }),
  /** A step waits for an answer under this name; of one of these, where some are named. */
  step_waiting: z.strictObject({ name: z.string(), details: json.optional(), by: z.array(z.string()).optional() }),
  /** What finished steps did is undone from now on, because of this: there is no way back. */
  pipeline_undoing: z.strictObject(trouble),
  /** What a finished step did was undone, because a later one failed. */
  step_compensated: z.strictObject({ duration_ms: milliseconds }),
  /** A step's own state: with it the step goes on after a crash. */
  checkpoint_saved: z.strictObject({ state: json }),
  /** A step has something to say. */
  step_log: z.strictObject({ message: z.string(), fields: json.optional() }),
  /** `lost`: no event can hold the output. */
  pipeline_complete: z.strictObject({
    output: json.optional(),
    encoding: base64,
    lost: z.boolean().optional(),
    duration_ms: milliseconds,
  }),
  pipeline_error: z.strictObject({ ...trouble, duration_ms: milliseconds }),
  pipeline_cancelled: z.strictObject({ reason: z.string().optional(), duration_ms: milliseconds }),
} as const satisfies PayloadKinds;

/** An event of a run, as it is kept and sent. */
export type RunEventOf<K extends PayloadKinds> = {
  [T in keyof K & string]: {
    readonly event_type: T;
    readonly execution_id: string;
    /** Which step, for those of a step. */
    readonly step_id: string | null;
    /** Milliseconds since the epoch. */
    readonly timestamp: number;
    readonly data: Readonly<z.infer<K[T]>>;
  };
}[keyof K & string];

/** An event of {@link runEvents}. */
export type RunEvent = RunEventOf<typeof runEventKinds>;

/** One of the words an event begins with. */
export type RunEventType = RunEvent['event_type'];

/** The events behind which there is none. */
export const finalEvents: ReadonlySet<string> = new Set<RunEventType>([
  'pipeline_complete',
  'pipeline_error',
  'pipeline_cancelled',
]);

/** What the events of a run may be. */
export interface RunEvents<K extends PayloadKinds> {
  readonly kinds: K;
  /**
   * Checks that a value is an event of a known kind.
   *
   * @throws {@link StreamError} `chunk-invalid` naming the field
   */
  parse(value: unknown): RunEventOf<K>;
  /** Checks as `parse` does, and lets events of other kinds pass with whatever they tell. */
  accept(value: unknown): RunEventOf<PayloadKinds>;
  /** These kinds and more. @throws TypeError when one of them is known already */
  with<M extends PayloadKinds>(more: M): RunEvents<K & M>;
}

const envelope = z.strictObject({
  event_type: z.string(),
  execution_id: z.string(),
  step_id: z.string().nullable(),
  timestamp: z.number().min(0),
  data: z.record(z.string(), z.unknown()),
});

/**
 * Makes a set of event kinds, which users extend with their own.
 *
 * @example
 * const events = runEvents.with({ page_crawled: z.strictObject({ url: z.url() }) });
 */
export function createRunEvents<K extends PayloadKinds>(kinds: K): RunEvents<K> {
  const isKnown = (type: string): boolean => Object.hasOwn(kinds, type);
  const accept = (value: unknown): RunEventOf<PayloadKinds> => {
    const event = checked(envelope, value, '');
    const { event_type: type, data } = event;
    return isKnown(type) ? { ...event, data: checked(kinds[type]!, data, 'data') } : event;
  };
  return {
    kinds,
    accept,
    parse: (value) => {
      const event = accept(value);
      if (isKnown(event.event_type)) return event as unknown as RunEventOf<K>;
      throw invalid('event_type', `must be one of ${Object.keys(kinds).join(', ')}`);
    },
    with: <M extends PayloadKinds>(more: M): RunEvents<K & M> => {
      const known = Object.keys(more).find(isKnown);
      if (known !== undefined) throw new TypeError(`event kind "${known}" is known already`);
      return createRunEvents({ ...kinds, ...more } as K & M);
    },
  };
}

function checked<S extends z.ZodType>(schema: S, value: unknown, path: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { field, message } = firstProblem(result.error, value);
  throw invalid([path, field].filter(Boolean).join('.'), message, result.error);
}

function invalid(field: string, message: string, cause?: unknown): StreamError {
  const about = field === '' ? 'run event' : `run event field "${field}"`;
  return new StreamError('chunk-invalid', `${about}: ${message}`, {
    ...(field === '' ? {} : { field }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The events every run has. */
export const runEvents = createRunEvents(runEventKinds);
