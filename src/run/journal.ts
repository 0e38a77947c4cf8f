import type { JsonValue } from '../chunk/index.js';
import type { RunEvent } from './event.js';
import type { Output } from './live.js';
import { bytesOf, type Outcome, valueOf } from './outcome.js';
import { assembled, type Assembly } from './streamed.js';

/** What is known of a step from earlier lives of its run. */
interface StepRecord {
  attempts: number;
  state?: JsonValue;
  /** What it put out bit by bit, in the attempt that is the latest. */
  pieces: unknown[];
  done?: Outcome & { readonly pieces?: number | undefined };
  compensated?: boolean;
}

/** What a step has asked for. */
export interface Question {
  readonly step: string;
  readonly name: string;
  readonly details?: JsonValue | undefined;
  readonly by?: readonly string[] | undefined;
}

/**
 * What the events of a run say of its earlier lives: which steps are finished, and with what, so that they are not run again.
 *
 * @internal
 */
export class Journal {
  private readonly steps = new Map<string, StepRecord>();
  private questions: Question[] = [];
  /** How many processes took the run up. */
  lives = 0;
  /** How many of them died in a row without getting any further: no step finished, saved its state, or waits. */
  deaths = 0;
  /** The event that ended the run, if one did. */
  end: RunEvent | undefined;
  /** What the run was asked. */
  input: unknown;
  /** Which pipeline it runs. */
  pipeline: string | undefined;
  startedAt: number | undefined;
  /** What went wrong last. */
  trouble: { readonly message: string; readonly code?: string | undefined } | undefined;
  /** Whether what was done is being undone: there is no way back. */
  undoing = false;

  /** What steps wait for that have not finished, whether it was answered or not. Run again, they ask again. */
  get waiting(): readonly Question[] {
    return this.questions;
  }

  /** Takes note of an event, in the order they were kept. */
  add(event: RunEvent): void {
    const { step_id: stepId } = event;
    if (stepId === null) this.addOfRun(event);
    else this.addOfStep(event, stepId, this.of(stepId));
  }

  private addOfStep(event: RunEvent, stepId: string, record: StepRecord): void {
    switch (event.event_type) {
      case 'step_start':
      case 'step_retry':
        record.attempts = Math.max(record.attempts, event.data.attempt);
        record.pieces = [];
        return;
      case 'step_output': {
        const { values, encoding } = event.data;
        for (const value of values) record.pieces.push(encoding === undefined ? value : bytesOf(value as string));
        return;
      }
      case 'checkpoint_saved':
        record.state = event.data.state;
        this.deaths = 0;
        return;
      case 'step_complete':
        record.done = event.data;
        this.deaths = 0;
        this.questions = this.questions.filter(({ step }) => step !== stepId);
        return;
      case 'step_error':
        if (!this.undoing) this.trouble = event.data;
        return;
      case 'step_waiting':
        this.deaths = 0;
        // A second question under a name is the same.
        this.questions = this.questions.filter(({ step, name }) => step !== stepId || name !== event.data.name);
        this.questions.push({ step: stepId, ...event.data });
        return;
      case 'step_compensated':
        this.undoing = true;
        record.compensated = true;
        return;
      default:
    }
  }

  private addOfRun(event: RunEvent): void {
    switch (event.event_type) {
      case 'pipeline_start':
        this.lives = event.data.attempt;
        this.deaths++;
        this.pipeline = event.data.pipeline;
        this.input = event.data.input;
        this.startedAt ??= event.timestamp;
        return;
      case 'pipeline_undoing':
        this.undoing = true;
        this.trouble = event.data;
        return;
      case 'pipeline_handover':
        // It has not died of the run.
        this.deaths = Math.max(0, this.deaths - 1);
        return;
      case 'pipeline_complete':
      case 'pipeline_error':
      case 'pipeline_cancelled':
        this.end = event;
        this.questions = [];
        return;
      default:
    }
  }

  private of(stepId: string): StepRecord {
    let record = this.steps.get(stepId);
    if (record === undefined) this.steps.set(stepId, (record = { attempts: 0, pieces: [] }));
    return record;
  }

  /** What a step that is finished has put out; `undefined` for others, and when it is not there any more. */
  finished(stepId: string, assembly?: Assembly): Output | undefined {
    const { done, pieces: told = [], attempts: attempt = 0 } = this.steps.get(stepId) ?? {};
    if (done === undefined) return undefined;
    const pieces = done.pieces === told.length ? told : undefined;
    if (done.lost !== true) return { value: valueOf(done), pieces, attempt };
    return pieces === undefined ? undefined : { value: assembled(pieces, assembly), pieces, attempt };
  }

  attempts(stepId: string): number {
    return this.steps.get(stepId)?.attempts ?? 0;
  }

  state(stepId: string): JsonValue | undefined {
    return this.steps.get(stepId)?.state;
  }

  isCompensated(stepId: string): boolean {
    return this.steps.get(stepId)?.compensated === true;
  }
}
