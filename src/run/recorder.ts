import type { SchedulerLike, Subscription } from 'rxjs';
import { callbackError } from '../../operators/operate.js';
import { type JsonValue, jsonProblem, StreamError, toBase64, toStreamError } from '../chunk/index.js';
import type { RunEvent, RunEventType } from './event.js';
import type { StreamingOptions } from './pipeline.js';

/** Takes the events of a run. */
export interface RunSink {
  /** Takes the next one. One that throws fails the run. */
  next(event: RunEvent): void;
  /** Resolves when all that were taken are kept. Default: they are at once. */
  kept?(): Promise<void>;
}

/** @internal What an event of a type tells. */
export type DataOf<T extends RunEventType> = Extract<RunEvent, { event_type: T }>['data'];

/** @internal Makes the events of a run; without a sink it makes none. */
export class Recorder {
  /** Whether anybody is told anything. */
  readonly on: boolean;

  constructor(
    readonly executionId: string,
    readonly streaming: Required<StreamingOptions>,
    readonly scheduler: SchedulerLike,
    private readonly sink: RunSink | undefined,
    private readonly broken: (error: unknown) => void,
  ) {
    this.on = sink !== undefined && streaming.enabled;
  }

  now(): number {
    return this.scheduler.now();
  }

  /** Tells of something. */
  tell<T extends RunEventType>(type: T, stepId: string | null, data: DataOf<T>): void {
    if (!this.on) return;
    const { executionId } = this;
    const event = { event_type: type, execution_id: executionId, step_id: stepId, timestamp: this.now(), data };
    try {
      this.sink!.next(event as RunEvent);
    } catch (error) {
      this.broken(callbackError('run', error));
    }
  }

  /** Resolves when everything told is kept. */
  async kept(): Promise<void> {
    if (this.on) await this.sink!.kept?.();
  }
}

/** @internal What is told of an error; of those a step throws by itself there is no code. */
export function troubleOf(error: unknown): { readonly message: string; readonly code?: string } {
  const { message, code } = toStreamError(error, 'internal');
  return error instanceof StreamError ? { message, code } : { message };
}

/** @internal What a step puts out, told a few pieces at a time: nothing waits longer than `flushIntervalMs`. */
export class Outputs {
  private pieces: JsonValue[] = [];
  private timer: Subscription | undefined;

  constructor(
    private readonly recorder: Recorder,
    private readonly stepId: string,
    private readonly attempt: number,
  ) {}

  add(piece: unknown): void {
    const { bufferSize, flushIntervalMs } = this.recorder.streaming;
    this.pieces.push(jsonOf(piece));
    if (this.pieces.length >= bufferSize) return this.flush();
    this.timer ??= this.recorder.scheduler.schedule(() => this.flush(), flushIntervalMs);
  }

  /** Tells what waits. Nothing else may be told of the step before. */
  flush(): void {
    this.timer?.unsubscribe();
    this.timer = undefined;
    if (this.pieces.length === 0) return;
    const values = this.pieces;
    this.pieces = [];
    this.recorder.tell('step_output', this.stepId, { attempt: this.attempt, values });
  }
}

/** A piece as an event can hold it: bytes as `{ "base64": … }`. */
function jsonOf(piece: unknown): JsonValue {
  if (piece instanceof Uint8Array) return { base64: toBase64(piece) };
  const problem = jsonProblem(piece);
  if (problem === undefined) return piece as JsonValue;
  throw new StreamError('data-malformed', `what a step puts out must be bytes or JSON but ${problem}`);
}
