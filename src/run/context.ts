import { checkName, type JsonValue, jsonProblem, kindOf, StreamError } from '../chunk/index.js';
import type { RunEventType } from './event.js';
import { type DataOf, Outputs, type Recorder } from './recorder.js';
import type { StepContext, WaitOptions } from './step.js';

/** @internal Where answers to waiting steps come from. */
export interface Inbox {
  /** Resolves with the first answer under a step's name; rejects when the signal aborts. */
  answer(stepId: string, name: string, signal: AbortSignal): Promise<JsonValue>;
}

/** @internal What {@link RunContext} needs. */
export interface ContextParts {
  readonly stepId: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly services: unknown;
  readonly restored: JsonValue | undefined;
  readonly recorder: Recorder;
  readonly inbox: Inbox | undefined;
}

/** @internal What one attempt of a step may do. When the attempt is over, nothing it says is heard. */
export class RunContext implements StepContext {
  readonly executionId: string;
  readonly stepId: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly services: unknown;
  readonly restored: JsonValue | undefined;
  readonly outputs: Outputs;
  private readonly recorder: Recorder;
  private readonly inbox: Inbox | undefined;
  private over = false;

  constructor(parts: ContextParts) {
    const { stepId, attempt, signal, services, restored, recorder, inbox } = parts;
    this.executionId = recorder.executionId;
    this.stepId = stepId;
    this.attempt = attempt;
    this.signal = signal;
    this.services = services;
    this.restored = restored;
    this.recorder = recorder;
    this.inbox = inbox;
    this.outputs = new Outputs(recorder, stepId, attempt);
  }

  /** The attempt is over. */
  close(): void {
    this.outputs.flush();
    this.over = true;
  }

  private get heard(): boolean {
    return this.recorder.on && !this.over;
  }

  // Arrows: steps take them out of their context.
  readonly emitProgress = (fraction: number, message?: string): void => {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new RangeError(`fraction must be a number from 0 to 1, got ${kindOf(fraction)}`);
    }
    if (!this.heard || !this.recorder.streaming.emitProgress) return;
    const data = message === undefined ? { fraction } : { fraction, message };
    this.tell('step_progress', data);
  };

  readonly emit = (type: string, data: Readonly<Record<string, JsonValue>>): void => {
    checkName(type);
    const problem = jsonProblem(data);
    if (problem !== undefined) throw new TypeError(`data of event "${type}" must be JSON but ${problem}`);
    if (this.heard) this.tell(type as 'step_log', data as unknown as DataOf<'step_log'>);
  };

  readonly log = (message: string, fields?: JsonValue): void => {
    if (this.heard) this.tell('step_log', fields === undefined ? { message } : { message, fields });
  };

  readonly checkpoint = async (state: JsonValue): Promise<void> => {
    const problem = jsonProblem(state);
    if (problem !== undefined) throw new TypeError(`state must be JSON but ${problem}`);
    if (!this.heard) return;
    this.tell('checkpoint_saved', { state });
    await this.recorder.kept();
  };

  readonly waitFor = async (name: string, options: WaitOptions = {}): Promise<JsonValue> => {
    checkName(name);
    if (this.inbox === undefined) {
      throw new StreamError('answer-refused', `nobody can answer "${name}": the run has no inbox`);
    }
    if (this.heard) {
      this.tell('step_waiting', { name, ...options });
    }
    return await this.inbox.answer(this.stepId, name, this.signal);
  };

  /** In order: what the step has put out before comes before. */
  private tell(...told: Told): void {
    this.outputs.flush();
    const [type, data] = told;
    this.recorder.tell(type, this.stepId, data);
  }
}

type Told = { [T in RunEventType]: [type: T, data: DataOf<T>] }[RunEventType];
