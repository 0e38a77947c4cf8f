import type { JsonValue } from '../chunk/index.js';
import type { RunEvent } from './event.js';
import type { Output } from './live.js';

/** What is known of a step from earlier lives of its run. */
interface StepRecord {
  attempts: number;
  state?: JsonValue;
  /** What it put out bit by bit, in the attempt that is the latest. */
  pieces?: JsonValue[];
  done?: { readonly output: JsonValue | undefined };
  compensated?: boolean;
}

/**
 * What the events of a run say of its earlier lives: which steps are finished, and with what, so that they are not run again.
 *
 * @internal
 */
export class Journal {
  private readonly steps = new Map<string, StepRecord>();
  /** How many processes took the run up. */
  lives = 0;
  /** The event that ended the run, if one did. */
  end: RunEvent | undefined;
  /** What the run was asked. */
  input: JsonValue | undefined;
  /** Which pipeline it runs. */
  pipeline: string | undefined;
  startedAt: number | undefined;
  /** What steps have asked for, whether answered or not. */
  readonly waiting: {
    readonly step: string;
    readonly name: string;
    readonly details?: JsonValue;
    readonly by?: readonly string[];
  }[] = [];

  /** Takes note of an event, in the order they were kept. */
  add(event: RunEvent): void {
    const { step_id: stepId, event_type: type } = event;
    if (stepId === null) return this.addOfRun(event);
    const record = this.of(stepId);
    switch (type) {
      case 'step_start':
      case 'step_retry':
        record.attempts = Math.max(record.attempts, event.data.attempt);
        delete record.pieces;
        return;
      case 'step_output':
        (record.pieces ??= []).push(...event.data.values);
        return;
      case 'checkpoint_saved':
        record.state = event.data.state;
        return;
      case 'step_complete':
        // An output that was nothing JSON can hold is not there any more: the step has to run again.
        if (event.data.lost !== true) record.done = { output: event.data.output };
        return;
      case 'step_waiting':
        this.ask(stepId, event.data);
        return;
      case 'step_compensated':
        record.compensated = true;
        return;
      default:
    }
  }

  /** A step that is run again asks again: that is one question. */
  private ask(step: string, { name, details, by }: Extract<RunEvent, { event_type: 'step_waiting' }>['data']): void {
    if (this.waiting.some((wait) => wait.step === step && wait.name === name)) return;
    this.waiting.push({
      step,
      name,
      ...(details === undefined ? {} : { details }),
      ...(by === undefined ? {} : { by }),
    });
  }

  private addOfRun(event: RunEvent): void {
    switch (event.event_type) {
      case 'pipeline_start':
        this.lives = event.data.attempt;
        this.pipeline = event.data.pipeline;
        this.input = event.data.input;
        this.startedAt ??= event.timestamp;
        return;
      case 'pipeline_complete':
      case 'pipeline_error':
      case 'pipeline_cancelled':
        this.end = event;
        return;
      default:
    }
  }

  private of(stepId: string): StepRecord {
    let record = this.steps.get(stepId);
    if (record === undefined) this.steps.set(stepId, (record = { attempts: 0 }));
    return record;
  }

  /** What a step that is finished has put out; bit by bit, if it did. */
  finished(stepId: string): Output | undefined {
    const { done, pieces } = this.steps.get(stepId) ?? {};
    if (done === undefined) return undefined;
    return pieces === undefined ? { value: done.output } : { value: done.output, pieces };
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
