import { StreamError } from '../../chunk/index.js';
import { Decoding, essence, formatOf, type HttpFormat } from './decoding.js';
import { eventsOf } from './events.js';
import { Exchange } from './exchange.js';
import { HttpError } from './failure.js';
import { partsOf } from './parts.js';
import { type Place, placeOf, placeOfControl } from './place.js';
import { Retries } from './retries.js';
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

type Batches = AsyncGenerator<HttpBatch<unknown>, void, undefined>;
type Query = Readonly<Record<string, string | undefined>>;

/** Answers to a request for events that say: not here, or not so. */
const withoutEvents = new Set([400, 405, 406, 415, 501]);

/** How long the first event may take where long-polling is there to fall back on: some proxies hold events back. */
const firstEventMs = 10_000;

/** @internal One reading of a stream, over as many requests as it takes. */
export class Reading {
  private place: Place;
  private live: HttpLive | false;
  private decoding: Decoding | undefined;
  private readonly retries: Retries;
  /** Bytes behind `place` that have been handed out already, from an answer that did not come to its end. */
  private ahead = 0;
  /** Whether the request under way has been answered. */
  private answered = false;
  /** Whether a server-sent event has ever come. */
  private heard = false;

  constructor(
    private readonly rules: ReadRules,
    private readonly signal: AbortSignal,
  ) {
    this.place = { offset: rules.offset, cursor: undefined, upToDate: false, closed: false };
    this.live = rules.live;
    this.retries = new Retries(rules, signal, 'readHttp');
  }

  async *batches(): Batches {
    const { scheduler, retry } = this.rules;
    while (!this.place.closed && (this.live !== false || !this.place.upToDate)) {
      const { offset, upToDate } = this.place;
      const since = scheduler.now();
      this.answered = false;
      try {
        yield* this.request();
      } catch (error) {
        if (this.answered) this.retries.lasted(scheduler.now() - since);
        if (!this.turnsToPolling(error)) await this.retries.failed(error);
        continue;
      }
      const waited = scheduler.now() - since >= retry.initialDelayMs;
      if (!upToDate || waited || this.place.offset !== offset) this.retries.succeeded();
      else if (!this.place.closed) await this.retries.idle();
    }
  }

  /** What is there already comes over plain requests, which caches can answer; then it is waited for what is to come. */
  private request(): Batches {
    const { upToDate, cursor } = this.place;
    if (!upToDate) return this.ask({});
    return this.live === 'long-poll' ? this.ask({ live: 'long-poll', cursor }) : this.listen({ live: 'sse', cursor });
  }

  private async *ask(query: Query): Batches {
    const exchange = await this.open(query);
    try {
      const place = this.placeBehind(exchange.headers);
      const contentType = exchange.headers.get('content-type');
      if (exchange.status !== 204) this.decoding ??= new Decoding(this.rules.format ?? formatOf(contentType));
      for await (const { bytes, last, skip } of partsOf(exchange.pieces(), this.partRules(contentType))) {
        if (last) yield* this.arrive(this.decode(bytes), place, skip);
        else yield this.piece(bytes);
      }
    } finally {
      exchange.close();
    }
  }

  private async *listen(query: Query): Batches {
    const exchange = await this.open(query, { accept: 'text/event-stream' });
    try {
      checkEventStream(exchange.headers.get('content-type'));
      const base64 = exchange.headers.get('stream-sse-data-encoding')?.toLowerCase() === 'base64';
      const { idleMs, maxEventBytes } = this.rules;
      const patient = this.live === 'sse' || this.heard;
      const pieces = exchange.pieces(patient ? idleMs : Math.min(idleMs, firstEventMs));
      let placed = false;
      let data: string[] = [];
      let length = 0;
      for await (const events of eventsOf(pieces, maxEventBytes)) {
        for (const event of events) {
          // What is neither data nor control belongs to a later version of the protocol.
          if (event.event === 'data') {
            // Without its place it may come again: it is kept back until its place is known.
            data.push(event.data);
            length += event.data.length;
            this.checkHeld(length);
          } else if (event.event === 'control') {
            placed = true;
            this.heard = true;
            const place = placeOfControl(event.data);
            yield* this.arrive(
              data.flatMap((text) => this.decoder.event(text, base64)),
              place,
            );
            if (place.closed) return;
            data = [];
            length = 0;
          }
        }
      }
      if (!placed) throw new HttpError('connection-lost', `GET ${exchange.path}: the events ended before the first`);
    } finally {
      exchange.close();
    }
  }

  private async open(query: Query, headers: Readonly<Record<string, string>> = {}): Promise<Exchange> {
    const request = { method: 'GET', query: { offset: this.place.offset, ...query }, headers } as const;
    const exchange = await Exchange.open(this.rules, request, this.signal);
    this.answered = true;
    return exchange;
  }

  /** Messages make sense as a whole only; and so does JSON as text, which ends otherwise when there is more of it. */
  private partRules(contentType: string | null): { skip: number; size: number; most: number } {
    const { maxPieceBytes, maxAnswerBytes } = this.rules;
    const whole = formatOf(contentType) === 'json' || this.decoding?.format === 'json';
    return whole
      ? { skip: 0, size: Infinity, most: maxAnswerBytes }
      : { skip: this.ahead, size: maxPieceBytes, most: Infinity };
  }

  private placeBehind(headers: Headers): Place {
    const place = placeOf(headers);
    // An answer that leads nowhere is at the end, whether it says so or not: to ask again at once would never end.
    return place.offset === this.place.offset ? { ...place, upToDate: true } : place;
  }

  private get decoder(): Decoding {
    // A stream that has never answered with data: only its server could say what it holds.
    this.decoding ??= new Decoding(this.rules.format ?? 'bytes');
    return this.decoding;
  }

  private decode(bytes: Uint8Array): readonly unknown[] {
    return bytes.length === 0 ? [] : this.decoder.body(bytes);
  }

  private checkHeld(length: number): void {
    const { maxAnswerBytes } = this.rules;
    if (length <= maxAnswerBytes) return;
    throw new StreamError('overflow', `events without a place have more than maxAnswerBytes = ${maxAnswerBytes} bytes`);
  }

  /** A piece of an answer that is still coming. */
  private piece(bytes: Uint8Array): HttpBatch<unknown> {
    this.ahead += bytes.length;
    this.retries.succeeded();
    return { items: this.decode(bytes), offset: this.place.offset, upToDate: false, closed: false };
  }

  /** Goes on to a place; it is told when it is another, or something came on the way. */
  private *arrive(come: readonly unknown[], place: Place, skip = 0): Generator<HttpBatch<unknown>, void, undefined> {
    const { offset, upToDate, cursor } = this.place;
    this.place = { ...place, cursor: place.cursor ?? cursor };
    this.ahead = skip;
    const items = place.closed ? [...come, ...this.decoder.end()] : come;
    const news = items.length > 0 || place.offset !== offset || place.upToDate !== upToDate || place.closed;
    if (news) yield { items, offset: place.offset, upToDate: place.upToDate, closed: place.closed };
  }

  /** Whether it goes on over long-polling, because events do not get through to here. */
  private turnsToPolling(error: unknown): boolean {
    if (this.live !== 'auto' || !this.place.upToDate || this.heard || !(error instanceof StreamError)) return false;
    const { status } = error instanceof HttpError ? error : { status: undefined };
    const silent = this.answered && error.code === 'connection-lost';
    if (!silent && error.details.field !== 'Content-Type' && !withoutEvents.has(status ?? 0)) return false;
    this.live = 'long-poll';
    return true;
  }
}

function checkEventStream(contentType: string | null): void {
  if (essence(contentType) === 'text/event-stream') return;
  throw new StreamError('data-malformed', 'the answer is no event stream', { field: 'Content-Type' });
}
