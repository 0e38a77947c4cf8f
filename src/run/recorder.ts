import type { SchedulerLike } from 'rxjs';
import { callbackError } from '../../operators/operate.js';
import { StreamError, toStreamError } from '../chunk/index.js';
import type { RunEvent, RunEventType } from './event.js';
import type { StreamingOptions } from './pipeline.js';

/** Takes the events of a run. */
export interface RunSink {
  /** Outputs of more bytes are not told. Default: all are. */
  readonly maxEventBytes?: number;
  /** Takes the next one. One that throws fails the run. */
  next(event: RunEvent): void;
  /** Resolves when all that were taken are kept: no step begins before. `undefined` where they are, and by default. Fails when they are not. */
  kept?(): Promise<void> | undefined;
  /** Resolves when fewer wait to be kept, if too many do: what a step puts out waits for it, where it can be stopped. */
  behind?(): Promise<void> | undefined;
}

/** @internal What an event of a type tells. */
export type DataOf<T extends RunEventType> = Extract<RunEvent, { event_type: T }>['data'];

/** @internal Makes the events of a run; without a sink it makes none. */
export class Recorder {
  /** Whether anybody is told of steps. Who tells looks first: where nobody is, nothing is to be made. */
  readonly on: boolean;
  /** Whether anybody is told of the run itself. */
  readonly tellsRun: boolean;
  /** Outputs of more bytes are not told. */
  readonly maxEventBytes: number;

  /**
   * @param outline - tell of the run itself also where streaming is off
   * @param broken - called when the sink throws
   */
  constructor(
    readonly executionId: string,
    readonly streaming: Required<StreamingOptions>,
    readonly scheduler: SchedulerLike,
    private readonly sink: RunSink | undefined,
    outline: boolean,
    private readonly broken: (error: unknown) => void,
  ) {
    this.on = sink !== undefined && streaming.enabled;
    this.maxEventBytes = sink?.maxEventBytes ?? Infinity;
    this.tellsRun = this.on || (outline && sink !== undefined);
  }

  now(): number {
    return this.scheduler.now();
  }

  /** Tells of something. */
  tell<T extends RunEventType>(type: T, stepId: string | null, data: DataOf<T>): void {
    const { executionId } = this;
    const event = { event_type: type, execution_id: executionId, step_id: stepId, timestamp: this.now(), data };
    try {
      this.sink!.next(event as RunEvent);
    } catch (error) {
      this.broken(callbackError('run', error));
    }
  }

  /** Resolves when everything told is kept; `undefined` where it is at once. */
  kept(): Promise<void> | undefined {
    return this.tellsRun ? this.sink!.kept?.() : undefined;
  }

  /** Resolves when fewer events wait to be kept, if too many do. */
  behind(): Promise<void> | undefined {
    return this.on ? this.sink!.behind?.() : undefined;
  }
}

/** @internal What is told of an error; of those a step throws by itself there is no code. */
export function troubleOf(error: unknown): { readonly message: string; readonly code?: string } {
  const { message, code } = toStreamError(error, 'internal');
  // Whatever a step throws must fit into an event.
  const told = message.slice(0, maxMessage).toWellFormed();
  return error instanceof StreamError ? { message: told, code } : { message: told };
}

const maxMessage = 16_384;
