import { checkBound, kindOf, StreamError, utf8Bytes } from '../chunk/index.js';

/** An event to write. */
export interface OutgoingEvent {
  /** What an `EventSource` dispatches it as. Default: `message`. */
  readonly event?: string | undefined;
  /** What a reader that comes back says it has seen. */
  readonly id?: string | undefined;
  /** Any text. Its line breaks become those of the format: a reader gets LF for CR and CRLF. */
  readonly data?: string | undefined;
  /** How long a reader waits before it comes back, in milliseconds. */
  readonly retry?: number | undefined;
}

/** An event as it was read. */
export interface IncomingEvent {
  /** Its name; `message` when it had none. */
  readonly event: string;
  /** Its own id; `undefined` when it had none. */
  readonly id: string | undefined;
  readonly data: string;
}

/** Units beyond its data that an unfinished event may take: the name of a field. */
const slack = 8;
const lineBreak = /\r\n|\r|\n/;
// eslint-disable-next-line no-control-regex -- these are what would end the line, or make a reader ignore it
const unsafe = /[\u0000\r\n]/;

/**
 * The text of a server-sent event (WHATWG HTML, section 9.2). Nothing in a field can begin another field or event.
 *
 * @throws TypeError when `event` or `id` holds CR, LF or NUL
 * @throws RangeError when `retry` is no whole number
 *
 * @example
 * writeEvent({ id: '7', data: 'two\nlines' }); // 'id: 7\ndata: two\ndata: lines\n\n'
 */
export function writeEvent(event: OutgoingEvent): string {
  let text = '';
  if (event.event !== undefined) text += `event: ${checkLine('event', event.event)}\n`;
  if (event.id !== undefined) text += `id: ${checkLine('id', event.id)}\n`;
  if (event.retry !== undefined) text += `retry: ${checkBound('retry', event.retry, { min: 0 })}\n`;
  if (event.data !== undefined) for (const line of event.data.split(lineBreak)) text += `data: ${line}\n`;
  return `${text}\n`;
}

/** The text of a comment, which readers skip: it shows that the connection lives. */
export function writeComment(comment: string): string {
  let text = '';
  for (const line of comment.split(lineBreak)) text += `: ${line}\n`;
  return `${text}\n`;
}

function checkLine(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string, got ${kindOf(value)}`);
  if (unsafe.test(value)) throw new TypeError(`${name} must not hold CR, LF or NUL`);
  return value;
}

/** Options of {@link createEventStreamReader}. */
export interface EventStreamReaderOptions {
  /** Bytes of data one event may have. Default 1 MiB. */
  readonly maxEventBytes?: number;
}

/** Reads server-sent events from bytes, however they are split. */
export interface EventStreamReader {
  /**
   * Takes bytes as they come. The events they complete are handed out before it returns.
   *
   * @throws {@link StreamError} `overflow` behind the last event before one that is too large; nothing is read afterwards
   */
  push(bytes: Uint8Array): void;
}

/**
 * Makes a reader of server-sent events (WHATWG HTML, section 9.2): comments and unknown fields are skipped, invalid UTF-8
 * becomes U+FFFD, and an event that the end of the stream cuts off is not an event. It holds one unfinished event at most.
 *
 * @example
 * const reader = createEventStreamReader(({ data }) => show(data));
 * for await (const bytes of response.body) reader.push(bytes);
 */
export function createEventStreamReader(
  onEvent: (event: IncomingEvent) => void,
  options: EventStreamReaderOptions = {},
): EventStreamReader {
  return new Reader(onEvent, options);
}

class Reader implements EventStreamReader {
  readonly #onEvent: (event: IncomingEvent) => void;
  readonly #maxEventBytes: number;
  readonly #decoder = new TextDecoder();
  /** Events of one push: handed out when it is read, so that a callback that throws leaves the reader whole. */
  #events: IncomingEvent[] = [];
  #overflow: StreamError | undefined;
  /** The last text ended with CR: a LF at the start of the next belongs to it. */
  #afterReturn = false;
  /** The line that is not whole yet. */
  #line = '';
  /** The fields of the event that is not whole yet. */
  #name = '';
  #id: string | undefined;
  #data: string | undefined;

  constructor(onEvent: (event: IncomingEvent) => void, options: EventStreamReaderOptions) {
    this.#onEvent = onEvent;
    this.#maxEventBytes = checkBound('maxEventBytes', options.maxEventBytes ?? 1 << 20);
  }

  push(bytes: Uint8Array): void {
    if (this.#overflow === undefined) this.#read(this.#decoder.decode(bytes, { stream: true }));
    const events = this.#events;
    this.#events = [];
    for (const event of events) this.#onEvent(event);
    if (this.#overflow !== undefined) throw this.#overflow;
  }

  #read(decoded: string): void {
    const text = this.#withLineFeeds(decoded);
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const line = this.#line + text.slice(from, end);
      this.#line = '';
      from = end + 1;
      if (line === '') this.#finish();
      else this.#take(line);
    }
    // Not joined before it ends: a long line that comes in small pieces costs no more than a short one.
    this.#line += text.slice(from);
    // Text has at most as many units as bytes.
    this.#check(this.#line.length + (this.#data ?? '').length - slack);
  }

  /** A CR at the end ends its line at once, and does not wait to see whether a LF follows. */
  #withLineFeeds(text: string): string {
    const rest = this.#afterReturn && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') this.#afterReturn = text.endsWith('\r');
    return rest.includes('\r') ? rest.replaceAll(/\r\n?/g, '\n') : rest;
  }

  /** Takes a line in; what begins with a colon is a comment. */
  #take(line: string): void {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    else if (field === 'event') this.#name = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
  }

  #finish(): void {
    const data = this.#data;
    if (data !== undefined) {
      // A UTF-16 unit takes three bytes at most, so that only large events are measured.
      if (data.length * 3 > this.#maxEventBytes) this.#check(utf8Bytes(data).length);
      if (this.#overflow === undefined) this.#events.push({ event: this.#name || 'message', id: this.#id, data });
    }
    this.#name = '';
    this.#id = this.#data = undefined;
  }

  #check(bytes: number): void {
    if (bytes <= this.#maxEventBytes) return;
    this.#overflow ??= new StreamError(
      'overflow',
      `an event has more than maxEventBytes = ${this.#maxEventBytes} bytes`,
    );
  }
}
