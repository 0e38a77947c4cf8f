import { checkName, type JsonValue, jsonProblem, kindOf, StreamError } from '../chunk/index.js';
import { runEventKinds, type RunEventType } from './event.js';
import { Outputs } from './outputs.js';
import type { DataOf, Recorder } from './recorder.js';
import type { Scope } from './run-step.js';
import type { StepContext, WaitOptions } from './step.js';
import type { Stop } from './stop.js';

/** @internal Where answers to waiting steps come from. */
export interface Inbox {
  /** Resolves with the first answer under a step's name by one of those who may; rejects when it stops. */
  answer(stepId: string, name: string, by: readonly string[] | undefined, stop: Stop): Promise<JsonValue>;
}

/** @internal What {@link RunContext} needs. */
export interface ContextParts {
  readonly stepId: string;
  readonly attempt: number;
  readonly stop: Stop;
  readonly scope: Pick<Scope, 'services' | 'journal' | 'recorder' | 'inbox' | 'leaving'>;
}

/** @internal What one attempt of a step may do. When the attempt is over, nothing it says is heard. */
export class RunContext implements StepContext {
  readonly executionId: string;
  readonly stepId: string;
  readonly attempt: number;
  readonly services: unknown;
  readonly restored: JsonValue | undefined;
  readonly outputs: Outputs;
  private readonly recorder: Recorder;
  private readonly inbox: Inbox | undefined;
  private readonly stop: Stop;
  private readonly leaving: Stop;
  private controller: AbortController | undefined;
  private over = false;

  constructor(parts: ContextParts) {
    const { stepId, attempt, stop, scope } = parts;
    const { services, journal, recorder, inbox, leaving } = scope;
    this.executionId = recorder.executionId;
    this.stepId = stepId;
    this.attempt = attempt;
    this.stop = stop;
    this.leaving = leaving;
    this.services = services;
    this.restored = journal.state(stepId);
    this.recorder = recorder;
    this.inbox = inbox;
    this.outputs = new Outputs(recorder, stepId, attempt);
  }

  /** Made when it is asked for: most steps that are short do not, and it is the dearest thing about them. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const controller = new AbortController();
      this.controller = controller;
      this.stop.onStop((error) => controller.abort(error));
    }
    return this.controller.signal;
  }

  /** The attempt is over: whatever it still does, nobody waits for it. */
  close(): void {
    this.outputs.flush();
    this.over = true;
    this.stop.stop(over);
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
    if (Object.hasOwn(runEventKinds, type)) {
      throw new TypeError(`event "${type}" is one that runs tell by themselves`);
    }
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
    if (this.inbox === undefined || !this.recorder.on) {
      throw new StreamError('answer-refused', `nobody can answer "${name}": nobody is told of the run`);
    }
    const { details, by } = options;
    if (details !== undefined && jsonProblem(details) !== undefined) {
      throw new TypeError(`details of "${name}" must be JSON but ${jsonProblem(details)}`);
    }
    if (this.heard) {
      this.tell('step_waiting', {
        name,
        ...(details === undefined ? {} : { details }),
        ...(by === undefined ? {} : { by: [...by] }),
      });
    }
    // An answer may take days: this process does not wait for it when it leaves, and whoever goes on asks again.
    const stays = this.leaving.onStop((error) => this.stop.stop(error));
    try {
      return await this.inbox.answer(this.stepId, name, by, this.stop);
    } finally {
      stays();
    }
  };

  /** In order: what the step has put out before comes before. */
  private tell(...told: Told): void {
    this.outputs.flush();
    const [type, data] = told;
    this.recorder.tell(type, this.stepId, data);
  }
}

/** Why the signal of an attempt aborts that has ended by itself. Made once: it says nothing of where. */
const over = new StreamError('run-cancelled', 'the step is over');

type Told = { [T in RunEventType]: [type: T, data: DataOf<T>] }[RunEventType];
