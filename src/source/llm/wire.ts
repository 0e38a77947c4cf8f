import { fieldsOf } from './fields.js';
import { Trouble, truncated } from './trouble.js';
import { Utf8Text } from './utf8-text.js';

/** @internal Who is told what the bytes say. */
export interface WireSink {
  /** Whether nothing more is wanted. */
  readonly closed: boolean;
  /** A value of JSON. */
  item(value: unknown): void;
  /** `[DONE]`. */
  done(): void;
  /** A comment, or an event that says nothing. */
  alive(): void;
}

/**
 * What JSON says that is written exactly as a provider writes its most common item; nothing of all else. It need not have the
 * fields nobody looks at.
 *
 * @internal
 */
export type Shorthand = (json: string) => object | undefined;

const colon = 58;
const brace = 123;
const space = 32;

/**
 * Reads what providers send, the bytes split anywhere: server-sent events whose data are JSON, JSON a line, and what stands
 * between the two when a server fails: an `error:` line, or a JSON object that fills lines of its own. Lines end with LF, CR
 * or CR LF. At most one event is held, and every byte of it is looked at once.
 *
 * @internal
 */
export class Wire {
  private readonly decoder = new Utf8Text();
  private begun = false;
  /** The text so far ends with CR: LF at the start of the next belongs to it. */
  private afterReturn = false;
  private held = '';
  private data: string | undefined;
  private event = '';
  /** Lines of a JSON object that stands there as it is. */
  private bare = '';
  private ending = false;

  constructor(
    private readonly sink: WireSink,
    private readonly maxEventLength: number,
    private readonly shorthand: Shorthand = () => undefined,
  ) {}

  /** Takes bytes, or text that was decoded before. */
  push(piece: ArrayBufferView | string): void {
    const text = typeof piece === 'string' ? piece : this.decoder.push(bytesOf(piece));
    if (text !== '') this.read(this.unified(text));
  }

  /** The data have ended: what is not whole now never will be. */
  end(): void {
    this.ending = true;
    this.read(`${this.decoder.end()}\n\n`);
  }

  private unified(text: string): string {
    let from = this.afterReturn && text.startsWith('\n') ? 1 : 0;
    if (!this.begun && text.startsWith('\uFEFF')) from = 1;
    this.begun = true;
    this.afterReturn = text.endsWith('\r');
    const rest = from === 0 ? text : text.slice(from);
    return rest.includes('\r') ? rest.replaceAll(/\r\n?/g, '\n') : rest;
  }

  private read(text: string): void {
    let from = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      const line = this.held + text.slice(from, at);
      this.held = '';
      from = at + 1;
      this.check(line.length);
      this.line(line);
      if (this.sink.closed) return;
    }
    // Not searched again, and not joined before it ends: a long line in small pieces costs no more than a short one.
    this.held += text.slice(from);
    this.check(this.held.length);
  }

  private check(length: number): void {
    if (length + (this.data?.length ?? 0) + this.bare.length <= this.maxEventLength) return;
    throw new Trouble('overflow', `an event is longer than maxEventLength = ${this.maxEventLength}`);
  }

  private line(line: string): void {
    if (line === '') return this.dispatch();
    if (this.bare !== '') return this.goOnBare(line);
    const first = line.charCodeAt(0);
    if (first === colon) return this.sink.alive();
    if (line.startsWith('data:')) return this.addData(fieldValue(line, 5));
    if (first === brace) return this.beginBare(line);
    this.field(line);
  }

  private addData(value: string): void {
    this.data = this.data === undefined ? value : `${this.data}\n${value}`;
  }

  private field(line: string): void {
    if (line.startsWith('event:')) this.event = fieldValue(line, 6);
    else if (line === 'data') this.addData('');
    // Not a field of the format: what servers built on llama.cpp write when they fail.
    else if (line.startsWith('error:')) this.failure(fieldValue(line, 6));
    // Gemini without `alt=sse` answers with one array, whose elements begin at the beginning of a line.
    else if (/^[[,]\s*\{/.test(line)) this.beginBare(line.replace(/^[[,]\s*/, ''));
  }

  private failure(text: string): void {
    let error: unknown = text;
    try {
      error = JSON.parse(text) as unknown;
    } catch {
      if (this.ending && text.startsWith('{')) throw truncated('the data end within an error');
    }
    this.sink.item({ error });
  }

  private beginBare(line: string): void {
    let value: unknown;
    try {
      value = this.shorthand(line) ?? (JSON.parse(element(line)) as unknown);
    } catch {
      // Its other lines may follow.
      this.bare = line;
      return;
    }
    this.sink.item(value);
  }

  private goOnBare(line: string): void {
    // Two that begin on a line of their own: the first has no end.
    if (line.charCodeAt(0) === brace) throw this.broken(this.bare);
    this.bare += `\n${line}`;
    // Looked at only where it can have ended, so that many lines cost no more than one.
    if (line.startsWith('}')) this.endBare();
  }

  private endBare(): void {
    const text = element(this.bare);
    this.bare = '';
    this.sink.item(this.parse(text));
  }

  private dispatch(): void {
    const { data, event } = this;
    this.data = undefined;
    this.event = '';
    if (this.bare !== '') return this.endBare();
    if (data === undefined) return;
    if (data.charCodeAt(0) === brace) return this.sink.item(asError(this.parse(data), event));
    this.oddity(data.trim(), event);
  }

  /** Data that are no object. */
  private oddity(data: string, event: string): void {
    if (data === '[DONE]') return this.sink.done();
    // Some gateways send their comments as data.
    if (data === '' || data.charCodeAt(0) === colon) return this.sink.alive();
    if (event === 'error') return this.failure(data);
    this.sink.item(this.parse(data));
  }

  private parse(text: string): unknown {
    try {
      return this.shorthand(text) ?? (JSON.parse(text) as unknown);
    } catch (cause) {
      throw this.broken(text, cause);
    }
  }

  private broken(text: string, cause?: unknown): Trouble {
    if (this.ending) return truncated('the data end within an event');
    return new Trouble('malformed', `an event is not JSON: ${text.slice(0, 200).toWellFormed()}`, {}, cause);
  }
}

/** Without what follows it in an array. */
function element(text: string): string {
  return text.endsWith('}') ? text : text.replace(/\}\s*[,\]]\s*$/, '}');
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return view instanceof Uint8Array ? view : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function fieldValue(line: string, from: number): string {
  return line.slice(line.charCodeAt(from) === space ? from + 1 : from);
}

/** An event named `error` is one, whatever its data say. */
function asError(value: unknown, event: string): unknown {
  if (event !== 'error') return value;
  const { error, type } = fieldsOf(value);
  return error === undefined && type !== 'error' ? { error: value } : value;
}
