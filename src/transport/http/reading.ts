import { joinBytes, StreamError } from '../../chunk/index.js';
import { aborted } from './aborted.js';
import { type Decoding, decodingOf, essence, formatOf, type HttpFormat } from './decoding.js';
import { eventsOf } from './events.js';
import { type Exchange, openExchange } from './exchange.js';
import { HttpError, malformed, type Reason } from './failure.js';
import { type Place, placeOf, placeOfControl } from './place.js';
import { createRetries, type Retries } from './retries.js';
import type { HttpRules } from './rules.js';

/** Some items of a stream, and where it goes on behind them. */
export interface HttpBatch<T> {
  /** Messages, or one piece of text or bytes; none where only the place has changed. */
  readonly items: readonly T[];
  /**
   * Where to go on: behind these items, unless they are a piece of an answer too large for one batch. Then it is the place
   * before that answer, and whoever goes on from it reads what has come of it once more.
   */
  readonly offset: string;
  /** There was no more when the server answered. */
  readonly upToDate: boolean;
  /** There will be no more: this is the last batch. */
  readonly closed: boolean;
}

/** How to wait for what is still to come. */
export type HttpLive = 'auto' | 'long-poll' | 'sse';

/** @internal Options of a reading that have been found good. */
export interface ReadRules extends HttpRules {
  readonly offset: string;
  readonly live: HttpLive | false;
  readonly format: HttpFormat | undefined;
  readonly maxPieceBytes: number;
  readonly maxAnswerBytes: number;
  readonly maxEventBytes: number;
}

type Batches<T = unknown> = AsyncGenerator<HttpBatch<T>, void, undefined>;

const eventStream = 'text/event-stream';

/** Answers to a request for events that say: not here, or not so. */
const withoutEvents: readonly unknown[] = [400, 405, 406, 415, 501];

/** Refusals that are about the place within the stream: gone is what was before the first offset that is kept. */
const aboutOffset: Readonly<Partial<Record<number, Reason>>> = { 400: { field: 'offset' }, 410: { code: 'gap' } };

/** How long the first event may take where long-polling is there to fall back on: some proxies hold events back. */
const firstEventMs = 10_000;

/** @internal One reading of a stream, over as many requests as it takes. */
export class Reading<T = unknown> {
  readonly #rules: ReadRules;
  #place: Place;
  /** How to wait; it stays `auto` until it is known whether events get through. */
  #live: HttpLive | false;
  #decoding: Decoding | undefined;
  /** Bytes behind the place that have been handed out already, from an answer that did not come to its end. */
  #ahead = 0;
  readonly #abort = new AbortController();
  /** Aborted when it is stopped, or nobody wants it any more. */
  readonly signal = this.#abort.signal;
  readonly #retries: Retries;

  constructor(rules: ReadRules) {
    this.#rules = rules;
    this.#place = { offset: rules.offset, upToDate: false, closed: false };
    this.#live = rules.live;
    this.#retries = createRetries(rules, this.signal, 'readHttp');
  }

  /** Ends it at once: what is being waited for fails. */
  stop(): void {
    this.#abort.abort();
  }

  async *batches(): Batches<T> {
    const { signal } = this.#rules;
    const following = aborted(signal).subscribe(() => this.#abort.abort(signal.reason));
    try {
      while (!this.#place.closed && (this.#live !== false || !this.#place.upToDate))
        yield* this.#request() as Batches<T>;
    } finally {
      following.unsubscribe();
    }
  }

  /** One request, and the wait that it takes before the next. */
  async *#request(): Batches {
    const { scheduler, retry } = this.#rules;
    const { offset, cursor, upToDate } = this.#place;
    // What is there already comes over plain requests, which caches can answer; then it is waited for what is to come.
    const waiting = this.#live === 'long-poll' ? this.#live : 'sse';
    const live = upToDate ? waiting : undefined;
    const events = live === 'sse';
    const since = scheduler.now();
    let exchange: Exchange | undefined;
    let failure: unknown;
    try {
      exchange = await openExchange(
        this.#rules,
        {
          method: 'GET',
          query: { offset, live, cursor: live && cursor },
          headers: { accept: events ? eventStream : undefined },
          refusal: ({ status }) => (offset === '-1' || offset === 'now' ? undefined : aboutOffset[status]),
        },
        this.signal,
      );
      yield* events ? this.#listen(exchange) : this.#take(exchange);
    } catch (error) {
      failure = error;
    } finally {
      exchange?.close();
    }
    const ms = scheduler.now() - since;
    if (failure === undefined) {
      if (!upToDate || ms >= retry.initialDelayMs || this.#place.offset !== offset) this.#retries.succeeded();
      else if (!this.#place.closed) await this.#retries.idle();
    } else if (!this.#turnsToPolling(failure, exchange !== undefined)) {
      await this.#retries.failed(failure, exchange && ms);
    }
  }

  /** Takes what a plain answer brings. */
  async *#take({ answer: { headers, status }, pieces }: Exchange): Batches {
    const place = placeOf(headers);
    const contentType = headers.get('content-type');
    if (status !== 204) this.#decoder(contentType);
    const { maxPieceBytes, maxAnswerBytes } = this.#rules;
    // Messages make sense as a whole only; and so does JSON as text, which ends otherwise when there is more of it.
    const whole = formatOf(contentType) === 'json' || this.#decoding?.format === 'json';
    let known = whole ? 0 : this.#ahead;
    let held: Uint8Array[] = [];
    let bytes = 0;
    // An answer without content has no bytes either.
    const items = (): readonly unknown[] => this.#decoding?.body(joinBytes(held)) ?? [];
    for await (const piece of pieces()) {
      if (!whole && bytes >= maxPieceBytes) {
        this.#ahead += bytes;
        this.#retries.succeeded();
        yield { items: items(), offset: this.#place.offset, upToDate: false, closed: false };
        held = [];
        bytes = 0;
      }
      const fresh = piece.subarray(known);
      known -= piece.length - fresh.length;
      held.push(fresh);
      bytes += fresh.length;
      if (whole) checkSize('an answer has', bytes, maxAnswerBytes);
    }
    // An answer that leads nowhere is at the end, whether it says so or not: to ask again at once would never end.
    const upToDate = place.upToDate || place.offset === this.#place.offset;
    yield* this.#arrive(items(), { ...place, upToDate }, known);
  }

  /** Takes the events of an answer that goes on for as long as it lasts. */
  async *#listen({ asked, answer: { headers }, pieces }: Exchange): Batches {
    if (essence(headers.get('content-type')) !== eventStream) {
      throw malformed('Content-Type', `must be ${eventStream}`);
    }
    const base64 = headers.get('stream-sse-data-encoding')?.toLowerCase() === 'base64';
    const { idleMs, maxAnswerBytes, maxEventBytes } = this.#rules;
    const before = this.#place;
    let held: string[] = [];
    let length = 0;
    const firstMs = this.#live === 'auto' ? Math.min(idleMs, firstEventMs) : idleMs;
    for await (const events of eventsOf(pieces(firstMs), maxEventBytes)) {
      for (const { event, data } of events) {
        // What is neither data nor control belongs to a later version of the protocol.
        if (event === 'data') {
          // Without its place it may come again: it is kept back until its place is known.
          held.push(data);
          length += data.length;
          checkSize('events without a place have', length, maxAnswerBytes);
        } else if (event === 'control') {
          // Events get through: whatever ends them now, they are worth another try.
          this.#live = 'sse';
          const place = placeOfControl(data);
          yield* this.#arrive(
            held.flatMap((text) => this.#decoder().event(text, base64)),
            place,
          );
          if (place.closed) return;
          held = [];
          length = 0;
        }
      }
    }
    if (this.#place === before) {
      throw new HttpError('connection-lost', `${asked}: the events ended before the first`);
    }
  }

  /** @param contentType - `null` for a stream that has never answered with data: only its server could say what it holds */
  #decoder(contentType: string | null = null): Decoding {
    return (this.#decoding ??= decodingOf(this.#rules.format ?? formatOf(contentType)));
  }

  /** Goes on to a place; it is told when it is another, or something came on the way. */
  *#arrive(come: readonly unknown[], place: Place, ahead = 0): Generator<HttpBatch<unknown>, void, undefined> {
    const before = this.#place;
    const { offset, upToDate, closed, cursor = before.cursor } = place;
    this.#place = { offset, upToDate, closed, cursor };
    this.#ahead = ahead;
    const items = closed ? [...come, ...(this.#decoding?.end() ?? [])] : come;
    const news = items.length > 0 || offset !== before.offset || upToDate !== before.upToDate || closed;
    if (news) yield { items, offset, upToDate, closed };
  }

  /** Whether it goes on over long-polling, because events do not get through to here. */
  #turnsToPolling(error: unknown, answered: boolean): boolean {
    if (this.#live !== 'auto' || !this.#place.upToDate || !(error instanceof StreamError)) return false;
    const { code, details } = error;
    const unfit = answered
      ? code === 'connection-lost' || details.field === 'Content-Type'
      : withoutEvents.includes((error as HttpError).status);
    if (unfit) this.#live = 'long-poll';
    return unfit;
  }
}

function checkSize(what: string, bytes: number, maxAnswerBytes: number): void {
  if (bytes <= maxAnswerBytes) return;
  throw new StreamError('overflow', `${what} more than maxAnswerBytes = ${maxAnswerBytes} bytes`);
}
