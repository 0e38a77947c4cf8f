import type { Subscription } from 'rxjs';
import { type JsonValue, jsonProblem, toBase64 } from '../chunk/index.js';
import type { Recorder } from './recorder.js';

/** Most bytes of pieces in one event, unless one piece is larger. */
const maxBytes = 2 ** 15;

/** @internal What a step puts out, told a few pieces at a time: nothing waits longer than `flushIntervalMs`. */
export class Outputs {
  private pieces: JsonValue[] = [];
  private bytes = 0;
  private encoding: 'base64' | undefined;
  private timer: Subscription | undefined;
  /** Whether all pieces were told: those that no event can hold are not. */
  complete = true;

  constructor(
    private readonly recorder: Recorder,
    private readonly stepId: string,
    private readonly attempt: number,
  ) {}

  /** @param weight - about how many bytes it takes */
  add(piece: unknown, weight: number): void {
    const { maxEventBytes, streaming } = this.recorder;
    const { bufferSize, flushIntervalMs } = streaming;
    const encoding = piece instanceof Uint8Array ? 'base64' : undefined;
    if (weight > maxEventBytes || (encoding === undefined && jsonProblem(piece) !== undefined)) {
      this.complete = false;
      return;
    }
    if (encoding !== this.encoding || this.bytes + weight > maxBytes) this.flush();
    this.encoding = encoding;
    this.bytes += weight;
    this.pieces.push(encoding === undefined ? (piece as JsonValue) : toBase64(piece as Uint8Array));
    if (this.pieces.length >= bufferSize) return this.flush();
    this.timer ??= this.recorder.scheduler.schedule(() => this.flush(), flushIntervalMs);
  }

  /** Tells what waits. Nothing else may be told of the step before. */
  flush(): void {
    this.timer?.unsubscribe();
    this.timer = undefined;
    if (this.pieces.length === 0) return;
    const { pieces: values, encoding, stepId, attempt } = this;
    this.pieces = [];
    this.bytes = 0;
    this.recorder.tell('step_output', stepId, { attempt, values, ...(encoding === undefined ? {} : { encoding }) });
  }
}
