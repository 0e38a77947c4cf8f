import { asyncScheduler, type Observable, type Subscriber } from 'rxjs';
import { operate, Stage } from '../../../operators/operate.js';
import { Silence } from '../../../operators/silence.js';
import { checkBound, kindOf, StreamError } from '../../chunk/index.js';
import { fromPull } from '../iterable.js';
import type { Dialect, DialectMaker } from './dialect.js';
import type { LlmAbort, LlmErrorEvent, LlmEvent } from './event.js';
import { fieldsOf, plain } from './fields.js';
import { Intake } from './intake.js';
import type { LlmOptions, LlmSource } from './llm.js';
import { LlmError } from './llm-error.js';
import { Transcript } from './transcript.js';
import { toTrouble, Trouble, truncated } from './trouble.js';
import { Wire, type WireSink } from './wire.js';

/**
 * Reads an answer in a dialect.
 *
 * @internal
 */
export function answer<T>(maker: DialectMaker, source: LlmSource<T>, options: LlmOptions): Observable<LlmEvent> {
  const { maxEventLength = 1 << 24, unknown = 'ignore', scheduler = asyncScheduler, idleTimeoutMs, flow } = options;
  checkBound('maxEventLength', maxEventLength);
  if (idleTimeoutMs !== undefined) checkBound('idleTimeoutMs', idleTimeoutMs);
  if (unknown !== 'ignore' && unknown !== 'raw') throw new TypeError('unknown must be "ignore" or "raw"');
  if (typeof source !== 'function' && typeof source !== 'object') {
    throw new TypeError(`source must be an answer or a function that asks for one, got ${kindOf(source)}`);
  }
  const pieces = fromPull<unknown>(
    (signal) => ({
      [Symbol.asyncIterator]: () => new Intake(source, signal, () => scheduler.now(), flow !== undefined),
    }),
    flow === undefined ? {} : { flow },
  );
  const rules: Rules = { ...options, maxEventLength, scheduler };
  return pieces.pipe(operate((destination) => new Reader(destination, maker, rules)));
}

type Rules = LlmOptions & Required<Pick<LlmOptions, 'maxEventLength' | 'scheduler'>>;

class Reader extends Stage<unknown, LlmEvent> implements WireSink {
  private readonly transcript: Transcript;
  private readonly dialect: Dialect;
  private readonly wire: Wire;
  private readonly silence: Silence | undefined;
  private readonly callOff = (): void => this.trouble(new Trouble('aborted', reasonOf(this.rules.signal)));
  private isBytes = false;

  constructor(
    destination: Subscriber<LlmEvent>,
    maker: DialectMaker,
    private readonly rules: Rules,
  ) {
    super(destination);
    const { maxEventLength, idleTimeoutMs, scheduler, signal } = rules;
    this.transcript = new Transcript(maker.format, (event) => this.destination.next(event), maxEventLength);
    this.dialect = maker.create(this.transcript);
    this.wire = new Wire(this, maxEventLength, maker.shorthand);
    if (idleTimeoutMs !== undefined) {
      const message = `nothing came for ${idleTimeoutMs} ms`;
      const idle = (): void => this.trouble(new Trouble('idle-timeout', message, { retryable: true }));
      this.silence = new Silence(scheduler, idleTimeoutMs, idle);
      this.silence.start();
    }
    signal?.addEventListener('abort', this.callOff);
    if (signal?.aborted === true) this.callOff();
  }

  protected override _next(piece: unknown): void {
    this.silence?.interrupt();
    this.attempt(() => {
      this.isBytes = typeof piece === 'string' || ArrayBuffer.isView(piece);
      if (this.isBytes) this.wire.push(piece as string | ArrayBufferView);
      else this.item(piece);
    });
  }

  protected override _error(error: unknown): void {
    this.trouble(error);
  }

  protected override _complete(): void {
    this.attempt(() => {
      if (this.isBytes) this.wire.end();
      if (!this.closed) this.finishIf(this.isBytes ? 'bytes' : 'items');
    });
  }

  protected override release(): void {
    this.silence?.stop();
    this.rules.signal?.removeEventListener('abort', this.callOff);
  }

  item(value: unknown): void {
    const fields = fieldsOf(value);
    if (fields !== value || Array.isArray(value)) {
      throw new Trouble('malformed', `an event is ${kindOf(value)} instead of an object`);
    }
    switch (this.dialect.take(fields)) {
      case 'last':
        return this.finish();
      case 'alive':
        return this.alive();
      case 'unknown':
        if (this.rules.unknown === 'raw') this.transcript.say({ type: 'raw', data: plain(value) });
        return;
      case 'known':
    }
  }

  done(): void {
    this.finishIf('mark');
  }

  alive(): void {
    if (this.rules.keepAlive === true) this.transcript.say({ type: 'keep-alive' });
  }

  private finishIf(how: 'mark' | 'bytes' | 'items'): void {
    if (!this.dialect.complete(how)) throw truncated();
    this.finish();
  }

  private finish(): void {
    this.transcript.finish();
    if (!this.closed) super._complete();
  }

  private attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.trouble(error);
    }
  }

  private trouble(thrown: unknown): void {
    if (this.closed) return;
    const { signal, scheduler } = this.rules;
    // Trouble of the pipeline, not of the answer.
    if (thrown instanceof StreamError) return super._error(thrown);
    const { kind, message, facts, cause } = toTrouble(thrown, signal?.aborted === true, scheduler.now());
    const partial = this.transcript.snapshot();
    const end: LlmErrorEvent | LlmAbort =
      kind === 'aborted'
        ? { type: 'abort', reason: message, partial }
        : { type: 'error', trouble: kind, message, retryable: false, ...facts, partial };
    const { usage } = this.transcript;
    if (usage !== undefined) this.transcript.say({ type: 'usage', usage });
    super._error(new LlmError(end, cause));
  }
}

function reasonOf(signal: AbortSignal | undefined): string {
  const { message } = fieldsOf(signal?.reason);
  return typeof message === 'string' ? message : String(signal?.reason);
}
