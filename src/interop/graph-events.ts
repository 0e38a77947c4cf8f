import { StreamError } from '../chunk/index.js';
import { sse } from '../format/sse.js';
import { type Fields, fieldsOf } from '../source/llm/fields.js';
import { Intake } from '../source/llm/intake.js';
import type { LlmSource } from '../source/llm/llm.js';
import { Trouble, truncated } from '../source/llm/trouble.js';

/** @internal How the events of a graph are read. */
export interface GraphEventsOptions {
  readonly signal: AbortSignal;
  /** The mode of what does not say its own. */
  readonly mode: string;
  readonly maxEventLength: number;
}

/**
 * The events of a graph, as `{ event, data }`, from whatever has them: items of `graph.stream()`, of a client of the
 * platform, or bytes of server-sent events.
 *
 * @internal
 */
export class GraphEvents implements AsyncIterableIterator<Fields, undefined> {
  private readonly items: Intake<unknown>;
  private readonly events;
  private readonly ready: Fields[] = [];
  private over = false;

  constructor(
    source: LlmSource<unknown>,
    private readonly options: GraphEventsOptions,
  ) {
    this.items = new Intake(source, options.signal, () => 0);
    this.events = sse.decode.create({ maxFrameBytes: options.maxEventLength, onTruncated: 'error' });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Fields, undefined>> {
    while (this.ready.length === 0 && !this.over) {
      const { done, value } = await this.items.next();
      if (done === true) this.end();
      else this.take(value);
    }
    const value = this.ready.shift();
    return value === undefined ? { done: true, value: undefined } : { done: false, value };
  }

  /** At once, also while something is waited for. */
  async return(): Promise<IteratorResult<Fields, undefined>> {
    this.over = true;
    return await this.items.return();
  }

  private take(item: unknown): void {
    if (typeof item === 'string') this.read(encoder.encode(item));
    else if (item instanceof Uint8Array) this.read(item);
    else this.ready.push(itemOf(item, this.options.mode));
  }

  private read(bytes: Uint8Array): void {
    try {
      for (const { event, data } of this.events.push(bytes)) this.ready.push({ event, data: parsed(data) });
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      throw new Trouble('overflow', `an event is longer than maxEventLength = ${this.options.maxEventLength}`);
    }
  }

  private end(): void {
    this.over = true;
    try {
      for (const _ of this.events.flush()) break;
    } catch {
      throw truncated('the data end within an event');
    }
  }
}

const encoder = new TextEncoder();

function parsed(data: string): unknown {
  try {
    return JSON.parse(data) as unknown;
  } catch (cause) {
    throw new Trouble('malformed', `an event is not JSON: ${data.slice(0, 200).toWellFormed()}`, {}, cause);
  }
}

/**
 * With several modes an item is `[mode, payload]`, with subgraphs `[namespace, mode, payload]`; with one it is the payload,
 * which for `messages` is a list itself. A client of the platform says `{ event, data }`.
 */
function itemOf(item: unknown, mode: string): Fields {
  if (Array.isArray(item)) {
    const [first, second, third] = item as readonly unknown[];
    if (typeof first === 'string') return { event: first, data: second };
    if (Array.isArray(first) && typeof second === 'string') return { event: second, data: third };
    return { event: 'messages', data: item };
  }
  const { event, data } = fieldsOf(item);
  return typeof event === 'string' && data !== undefined ? { event, data } : { event: mode, data: item };
}
