import { createParser } from 'eventsource-parser';
import { checkBound, kindOf, StreamError, utf8Length } from '../chunk/index.js';

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
  return new Reader(onEvent, checkBound('maxEventBytes', options.maxEventBytes ?? 1 << 20));
}

class Reader implements EventStreamReader {
  private readonly decoder = new TextDecoder();
  /** Events of one push: handed out when the parser is done, so that a callback that throws leaves it whole. */
  private events: IncomingEvent[] = [];
  private overflow: StreamError | undefined;
  /** The last text ended with CR: a LF at the start of the next belongs to it. */
  private afterReturn = false;
  private readonly parser;

  constructor(
    private readonly onEvent: (event: IncomingEvent) => void,
    private readonly maxEventBytes: number,
  ) {
    this.parser = createParser({
      onEvent: ({ event = 'message', id, data }) => {
        if (this.overflow !== undefined) return;
        if (this.fits(data)) this.events.push({ event, id, data });
        else this.fail();
      },
      onError: ({ type }) => {
        if (type === 'max-buffer-size-exceeded') this.fail();
      },
      // Counted in UTF-16 units, of which text has at most as many as bytes: it bounds what waits for its blank line.
      maxBufferSize: maxEventBytes + slack,
    });
  }

  push(bytes: Uint8Array): void {
    this.check();
    const text = this.wholeLines(this.decoder.decode(bytes, { stream: true }));
    if (text !== '') this.parser.feed(text);
    const { events } = this;
    this.events = [];
    for (const event of events) this.onEvent(event);
    this.check();
  }

  /** Ends a CR at the end at once: the parser would wait for the next bytes, to see whether they begin with LF. */
  private wholeLines(text: string): string {
    if (text === '') return text;
    const rest = this.afterReturn && text.startsWith('\n') ? text.slice(1) : text;
    this.afterReturn = text.endsWith('\r');
    return this.afterReturn ? `${rest}\n` : rest;
  }

  private fits(data: string): boolean {
    // A UTF-16 unit takes three bytes at most, so that only large events are measured.
    return data.length * 3 <= this.maxEventBytes || utf8Length(data) <= this.maxEventBytes;
  }

  private check(): void {
    if (this.overflow !== undefined) throw this.overflow;
  }

  private fail(): void {
    this.overflow = new StreamError('overflow', `an event has more than maxEventBytes = ${this.maxEventBytes} bytes`);
  }
}
