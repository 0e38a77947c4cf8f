import { Observable, type Subscriber } from 'rxjs';
import { checkBound, kindOf } from '../../chunk/index.js';
import type { Flow } from '../../flow/index.js';
import { wanted } from './aborted.js';
import type { HttpFormat, HttpItems } from './decoding.js';
import { offsetProblem } from './place.js';
import { type HttpBatch, type HttpLive, Reading, type ReadRules } from './reading.js';
import { type HttpOptions, httpRules } from './rules.js';

/** Options of {@link pullHttp}. */
export interface HttpReadOptions<F extends HttpFormat = HttpFormat> extends HttpOptions {
  /** Where to begin: an offset a batch told, `-1` for the beginning, `now` for what comes from now on. Default `-1`. */
  readonly offset?: string;
  /**
   * How to wait for what is still to come: over server-sent events (`sse`), one request for each answer (`long-poll`),
   * events wherever they get through (`auto`), or not at all (`false`): then the reading is over when it has caught up.
   * Default `auto`. Over events, line breaks in text become LF.
   */
  readonly live?: HttpLive | false;
  /** What the items are. Default: by the content type, `json`, `text` for `text/*`, and `bytes` for all else. */
  readonly as?: F;
  /** Bytes from which on a large answer is handed out in pieces. Default 65 536. */
  readonly maxPieceBytes?: number;
  /** Most bytes of an answer that makes sense as a whole only, as JSON does. Default 64 MiB. */
  readonly maxAnswerBytes?: number;
  /** Most bytes of data of one server-sent event. Default 16 MiB. */
  readonly maxEventBytes?: number;
}

/** Options of {@link readHttp}. */
export interface ReadHttpOptions<F extends HttpFormat = HttpFormat> extends HttpReadOptions<F> {
  /** The flow of the pipeline: nothing is read while it is shut. Default: it is read as fast as it comes. */
  readonly flow?: Flow;
}

/**
 * Reads a stream of any Durable Streams server, as batches with the place behind each: first what is there, then what comes,
 * over as many requests as it takes. A request that fails is repeated from where the reading was; nothing is left out and
 * nothing comes twice.
 *
 * **Emits** the batches, in order.
 * **Errors** with {@link HttpError} when a request is refused or its retries are used up; with `data-malformed` when an
 * answer makes no sense; with `overflow` when one is too large.
 * **Completes** when the stream is closed, or with `live: false` when it has caught up.
 * **Holds** one answer if it is JSON, else a piece of one.
 *
 * @example
 * const options = { url: 'https://example.com/v1/stream/log', headers: async () => ({ authorization: await token() }) };
 * readHttp({ ...options, as: 'json' }).subscribe(({ items, offset }) => show(items, offset));
 *
 * @throws TypeError or RangeError naming the option that is wrong
 */
export function readHttp<F extends HttpFormat = HttpFormat>(
  options: ReadHttpOptions<F>,
): Observable<HttpBatch<HttpItems[F]>> {
  const rules = readRules(options);
  return new Observable((destination) => {
    const reading = new Reading<HttpItems[F]>(rules);
    destination.add(() => reading.stop());
    void pour(reading, destination, options.flow);
  });
}

/**
 * {@link readHttp} at the consumer's pace: nothing is asked of the server, and nothing read of its answer, before the next
 * batch is asked for. Leaving the loop ends the request at once.
 *
 * @example
 * for await (const { items, offset } of pullHttp({ url, live: false, as: 'text' })) await save(items, offset);
 *
 * @throws TypeError or RangeError naming the option that is wrong
 */
export function pullHttp<F extends HttpFormat = HttpFormat>(
  options: HttpReadOptions<F>,
): AsyncIterableIterator<HttpBatch<HttpItems[F]>> & AsyncDisposable {
  return new Pull(readRules(options));
}

/** The batches of a reading, which ends at once when it is told to, also while one is being waited for. */
class Pull<T> implements AsyncIterableIterator<HttpBatch<T>>, AsyncDisposable {
  readonly #reading: Reading<T>;
  readonly #batches: AsyncGenerator<HttpBatch<T>, void, undefined>;
  #left = false;

  constructor(rules: ReadRules) {
    this.#reading = new Reading(rules);
    this.#batches = this.#reading.batches();
  }

  async next(): Promise<IteratorResult<HttpBatch<T>, undefined>> {
    try {
      return (await this.#batches.next()) as IteratorResult<HttpBatch<T>, undefined>;
    } catch (error) {
      // Whoever left has had enough: that the request was cut short is no news to them.
      if (this.#left) return { done: true, value: undefined };
      throw error;
    }
  }

  async return(): Promise<IteratorResult<HttpBatch<T>, undefined>> {
    this.#left = true;
    this.#reading.stop();
    await this.#batches.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}

/** Pushes what is pulled, while the flow is open. Each piece of an answer is waited for, so that nothing else starves. */
async function pour<T>(
  reading: Reading<T>,
  destination: Subscriber<HttpBatch<T>>,
  flow: Flow | undefined,
): Promise<void> {
  const opened = async (): Promise<void> => {
    while (flow?.open === false) {
      await wanted(new Observable<void>((waiter) => flow.whenOpen(() => waiter.next())), reading.signal);
    }
  };
  try {
    await opened();
    for await (const batch of reading.batches()) {
      // Another source of the flow may have shut it while the batch was on its way.
      await opened();
      if (flow === undefined) destination.next(batch);
      else flow.emit(destination, batch);
      await opened();
      if (destination.closed) return;
    }
    destination.complete();
  } catch (error) {
    if (!destination.closed) destination.error(error);
  }
}

function readRules(options: HttpReadOptions): ReadRules {
  const { offset = '-1', live = 'auto', as: format } = options;
  const problem = offsetProblem(offset);
  if (problem !== undefined) throw new TypeError(`offset ${problem}`);
  checkWord('live', live, 'auto', 'sse', 'long-poll', false);
  if (format !== undefined) checkWord('as', format, 'json', 'text', 'bytes');
  return {
    ...httpRules(options),
    offset,
    live,
    format,
    maxPieceBytes: checkBound('maxPieceBytes', options.maxPieceBytes ?? 65_536),
    maxAnswerBytes: checkBound('maxAnswerBytes', options.maxAnswerBytes ?? 64 << 20),
    maxEventBytes: checkBound('maxEventBytes', options.maxEventBytes ?? 16 << 20),
  };
}

function checkWord<T>(name: string, word: T, ...words: readonly T[]): void {
  if (!words.includes(word)) throw new TypeError(`${name} must be one of ${words.join(', ')}, got ${kindOf(word)}`);
}
