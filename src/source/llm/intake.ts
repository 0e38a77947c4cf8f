import { kindOf } from '../../chunk/index.js';
import { fieldsOf } from './fields.js';
import type { LlmAnswer, LlmSource } from './llm.js';
import { providerTrouble, retryAfter, Trouble, type TroubleFacts } from './trouble.js';

type Result<T> = IteratorResult<T | Uint8Array | string, undefined>;

/** Most units of the body of an answer that is none. */
const maxErrorLength = 65_536;
const newline = 10;

/**
 * Reads an answer in whatever shape it is handed in, and lets go of it as its kind wants it: a stream of an SDK is aborted, a
 * stream of Node destroyed, a stream of the web cancelled, also while something is being waited for.
 *
 * @internal
 */
export class Intake<T> implements AsyncIterator<T | Uint8Array | string, undefined> {
  private answer: LlmAnswer<T> | undefined;
  private items: AsyncIterator<T> | Iterator<T> | undefined;
  private left = false;
  /** Whether what comes can be handed on as it is. */
  private isPlain = false;
  /** What is left of a piece that is handed out line by line. */
  private rest: Uint8Array | undefined;

  constructor(
    private readonly source: LlmSource<T>,
    private readonly signal: AbortSignal,
    private readonly now: () => number,
    /** Whether bytes are handed out a line at a time: a piece holds many events, and somebody may want to wait after each. */
    private readonly byLine = false,
  ) {}

  next(): Promise<Result<T>> {
    if (this.rest !== undefined) return Promise.resolve(this.line(this.rest));
    if (this.items === undefined) return this.first();
    // A promise less for every piece of bytes.
    return this.isPlain ? (this.items.next() as Promise<Result<T>>) : this.checked(this.items);
  }

  private async first(): Promise<Result<T>> {
    this.items = await this.open();
    const { controller, [Symbol.iterator as never]: now } = fieldsOf(this.answer);
    this.isPlain = !this.byLine && controller === undefined && now === undefined;
    return await this.checked(this.items);
  }

  private async checked(items: AsyncIterator<T> | Iterator<T>): Promise<Result<T>> {
    const result = (await items.next()) as IteratorResult<T, undefined>;
    // The clients of OpenAI and Anthropic end in silence when somebody aborts them.
    if (result.done === true && abortedByItself(this.answer)) throw new Trouble('aborted', 'the stream was aborted');
    if (this.byLine && result.value instanceof Uint8Array) return this.line(result.value);
    return result;
  }

  private line(bytes: Uint8Array): IteratorResult<Uint8Array, undefined> {
    const end = bytes.indexOf(newline) + 1;
    const whole = end === 0 || end === bytes.length;
    this.rest = whole ? undefined : bytes.subarray(end);
    return { done: false, value: whole ? bytes : bytes.subarray(0, end) };
  }

  return(): Promise<IteratorResult<never, undefined>> {
    this.left = true;
    this.leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  private async open(): Promise<AsyncIterator<T> | Iterator<T>> {
    const { source } = this;
    if (this.signal.aborted) throw new Trouble('aborted', 'nobody waits for the answer any more');
    this.answer = await (typeof source === 'function' ? source(this.signal) : source);
    if (this.left) {
      // It came when nobody waited for it any more.
      this.leave();
      throw new Trouble('aborted', 'nobody waits for the answer any more');
    }
    const { answer } = this;
    if (isResponse(answer)) return await this.bodyOf(answer);
    return iteratorOf<T>(answer);
  }

  private async bodyOf(response: Response): Promise<AsyncIterator<T>> {
    if (response.ok && response.body !== null)
      return reading(response.body) as AsyncIterator<unknown> as AsyncIterator<T>;
    const { status, headers } = response;
    const retryAfterMs = retryAfter(headers, this.now());
    const facts: TroubleFacts = { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    const body = response.body === null ? '' : await beginningOf(response.body);
    throw providerTrouble(errorIn(body) ?? `the provider answers with status ${status}`, facts);
  }

  private leave(): void {
    const { answer, items } = this;
    quietly(() => abort(answer));
    quietly(() => (isResponse(answer) && items === undefined ? answer.body?.cancel() : items?.return?.()));
  }
}

function isResponse(answer: unknown): answer is Response {
  const { status, headers, ok } = fieldsOf(answer);
  return typeof status === 'number' && typeof ok === 'boolean' && typeof headers === 'object';
}

function iteratorOf<T>(answer: unknown): AsyncIterator<T> | Iterator<T> {
  const { getReader } = fieldsOf(answer);
  if (typeof getReader === 'function') return reading(answer as ReadableStream<T>);
  // Bytes are an iterable of numbers, text one of characters: an answer that has come in one piece.
  if (typeof answer === 'string' || ArrayBuffer.isView(answer)) return [answer as T].values();
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = Object(answer) as Partial<
    AsyncIterable<T> & Iterable<T>
  >;
  const iteration: (() => AsyncIterator<T> | Iterator<T>) | undefined = later ?? now;
  if (typeof iteration === 'function') return iteration.call(answer);
  throw new TypeError(`source must answer with a stream or an iterable, got ${kindOf(answer)}`);
}

/** As its kind wants it: `controller` of OpenAI and Anthropic, `abort` of Ollama, `destroy` of Node. */
function abort(answer: unknown): void {
  const { controller, abort: aborts, destroy } = fieldsOf(answer);
  const { abort: stop } = fieldsOf(controller);
  if (typeof stop === 'function') stop.call(controller);
  else if (typeof aborts === 'function') aborts.call(answer);
  else if (typeof destroy === 'function') destroy.call(answer);
}

/** Unlike the stream's own iterator, its `return()` does not wait for a read that is pending. */
function reading<T>(stream: ReadableStream<T>): AsyncIterator<T, undefined> {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<T, undefined>>,
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

function abortedByItself(answer: unknown): boolean {
  return fieldsOf(fieldsOf(fieldsOf(answer)['controller'])['signal'])['aborted'] === true;
}

async function beginningOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  const parts = reading(body);
  let text = '';
  try {
    while (text.length < maxErrorLength) {
      const { done, value } = await parts.next();
      if (done === true) break;
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    quietly(() => parts.return?.());
  }
  return text.slice(0, maxErrorLength);
}

function errorIn(body: string): unknown {
  if (body.trim() === '') return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

/** What is thrown on the way out concerns nobody any more. */
function quietly(work: () => unknown): void {
  try {
    Promise.resolve(work()).catch(() => {});
  } catch {
    // As above.
  }
}
