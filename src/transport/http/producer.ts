import type { Subscription } from 'rxjs';
import { checkBound, checkKind, StreamError } from '../../chunk/index.js';
import { aborted } from './aborted.js';
import { type Encoding, encodingOf, type HttpItem } from './encoding.js';
import { HttpError } from './failure.js';
import { createRetries, longestTimer } from './retries.js';
import { checkHeaderValue, type HttpOptions, type HttpRules, httpRules } from './rules.js';
import { offsetOf, send } from './send.js';
import type { HttpWritten } from './stream.js';

/** Options of {@link createHttpProducer}. */
export interface HttpProducerOptions extends HttpOptions {
  /** Who writes. Under one name and epoch, what is sent twice is kept once. */
  readonly producerId: string;
  /**
   * Which life of the producer this is: one more whenever it begins anew. A life that begins again under the same epoch is
   * taken for a repetition: what it sends counts as kept already. Default 0.
   */
  readonly epoch?: number;
  /**
   * Whether a producer that finds a later epoch than its own takes the next one, for those that remember nothing. Only
   * before its first acknowledgement: whoever is fenced later has been replaced. Default `false`.
   */
  readonly autoClaim?: boolean;
  /** Content type of the stream. Default `application/octet-stream`. */
  readonly contentType?: string;
  /** Most items of one request. Default 1000. */
  readonly maxBatchItems?: number;
  /** Most bytes of one request, unless one item alone has more. Default 1 MiB. */
  readonly maxBatchBytes?: number;
  /** How long the first item of a batch waits for more. Default 5. */
  readonly lingerMs?: number;
  /** Most requests that are under way at a time. Default 5. */
  readonly maxInFlight?: number;
  /** Bytes that wait or are under way, from which on no further item is taken. Default 16 MiB. */
  readonly maxPendingBytes?: number;
}

/** What became of an item. */
export interface HttpAppended extends HttpWritten {
  /** Whether the server had it already: from a request whose answer was lost, or from another life of the same epoch. */
  readonly duplicate: boolean;
}

/** Writes to a stream in batches, each kept exactly once and in order, however often it has to be sent. */
export interface HttpProducer extends AsyncDisposable {
  /** The epoch it writes under. */
  readonly epoch: number;
  /** Bytes that are not acknowledged yet. */
  readonly pendingBytes: number;
  /**
   * Takes one more item. The promise tells when it is kept; it may be ignored: `flush` and `close` fail as well. Bytes are
   * not copied before they are sent: leave them alone.
   *
   * @throws {@link StreamError} at once: `data-malformed` for what the stream cannot hold, `overflow` when too much waits,
   *   `client-closed` behind `close` and `detach`, and what has ended the producer
   */
  append(item: HttpItem): Promise<HttpAppended>;
  /** Resolves when there is room for one more item. Where several append, one may take the room another has waited for. */
  ready(): Promise<void>;
  /** Resolves when everything appended so far is kept. */
  flush(): Promise<void>;
  /** Closes the stream behind everything appended, and behind one last item in the same step. Again: the same promise. */
  close(item?: HttpItem): Promise<HttpWritten>;
  /** Ends the producer behind everything appended, and leaves the stream open. */
  detach(): Promise<void>;
}

/**
 * Makes a producer for a stream of any Durable Streams server. Items wait a little for others, go out as batches with a
 * number each, several at a time, and are sent again until they are acknowledged; the server keeps a number once.
 *
 * It ends with the first batch that is refused for good, and everything behind it fails with the same error:
 * `producer-fenced` when a later epoch writes, `stream-closed`, `stream-not-found`, `chunk-too-large`, `sequence-gap` when
 * the server has lost what it had acknowledged, `connection-lost` when the retries are used up.
 *
 * @example
 * const producer = createHttpProducer({ url, producerId: 'scribe', contentType: 'application/json', autoClaim: true });
 * for (const word of words) {
 *   await producer.ready();
 *   producer.append({ word });
 * }
 * await producer.close();
 *
 * @throws TypeError or RangeError naming the option that is wrong
 */
export function createHttpProducer(options: HttpProducerOptions): HttpProducer {
  const { producerId, epoch = 0, autoClaim = false } = options;
  if (checkHeaderValue('producerId', producerId).trim() === '') throw new TypeError('producerId must not be empty');
  checkKind('autoClaim', autoClaim, 'boolean');
  return new Producer({
    ...httpRules(options),
    producerId,
    epoch: checkBound('epoch', epoch, { min: 0 }),
    autoClaim,
    encoding: encodingOf(options.contentType ?? 'application/octet-stream'),
    maxBatchItems: checkBound('maxBatchItems', options.maxBatchItems ?? 1000),
    maxBatchBytes: checkBound('maxBatchBytes', options.maxBatchBytes ?? 1 << 20),
    lingerMs: checkBound('lingerMs', options.lingerMs ?? 5, { min: 0, max: longestTimer }),
    maxInFlight: checkBound('maxInFlight', options.maxInFlight ?? 5),
    maxPendingBytes: checkBound('maxPendingBytes', options.maxPendingBytes ?? 16 << 20),
  });
}

interface ProducerRules extends HttpRules {
  readonly producerId: string;
  readonly epoch: number;
  readonly autoClaim: boolean;
  readonly encoding: Encoding;
  readonly maxBatchItems: number;
  readonly maxBatchBytes: number;
  readonly lingerMs: number;
  readonly maxInFlight: number;
  readonly maxPendingBytes: number;
}

/** Most epochs taken in a row: whoever always finds a later one is not alone. */
const maxClaims = 10;

/** Items that go in one request, under one number. */
class Batch {
  readonly items: Uint8Array[] = [];
  /** Bytes of the items. */
  bytes = 0;
  seq = 0;
  /** Settles when the batch sent before it has. */
  before: Promise<unknown> | undefined;
  readonly kept: Promise<HttpAppended>;
  resolve!: (appended: HttpAppended) => void;
  reject!: (error: unknown) => void;

  constructor(
    private readonly encoding: Encoding,
    readonly closing = false,
  ) {
    this.kept = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever appends may ignore it; flush and close tell as well.
    this.kept.catch(() => {});
  }

  /** Bytes of the body it makes. */
  get size(): number {
    return this.bytes + this.items.length * this.encoding.separator + this.encoding.frame;
  }

  add(item: Uint8Array): void {
    this.items.push(item);
    this.bytes += item.length;
  }

  get body(): Uint8Array | undefined {
    return this.items.length === 0 ? undefined : this.encoding.join(this.items);
  }
}

interface RoomWaiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class Producer implements HttpProducer {
  readonly #rules: ProducerRules;
  epoch: number;
  pendingBytes = 0;
  #seq = 0;
  /** Takes items still. */
  #open: Batch | undefined;
  /** Has waited long enough: it goes as it is as soon as it can. */
  #due = false;
  /** Full, and not yet sent. */
  readonly #sealed: Batch[] = [];
  /** Sent, and not yet acknowledged, oldest first. */
  readonly #sent = new Set<Batch>();
  #latest: Promise<unknown> | undefined;
  /** Batches that came too early, and wait for the one before them. */
  #early = 0;
  #linger: Subscription | undefined;
  /** Whether the epoch is known to be in force: until then one batch goes alone. */
  #claimed: boolean;
  #claims = 0;
  #waiters: RoomWaiter[] = [];
  #failure: { readonly error: unknown } | undefined;
  #closing: Promise<HttpWritten> | undefined;
  #leaving: Promise<void> | undefined;
  readonly #abort = new AbortController();
  readonly #following: Subscription | undefined;

  constructor(rules: ProducerRules) {
    this.#rules = rules;
    this.epoch = rules.epoch;
    this.#claimed = !rules.autoClaim;
    const { signal } = rules;
    this.#following = aborted(signal).subscribe(() => this.#fail(signal.reason));
  }

  append(item: HttpItem): Promise<HttpAppended> {
    this.#check();
    const { encoding, maxPendingBytes } = this.#rules;
    const bytes = encoding.encode(item);
    if (this.#hasRoom) return this.#add(bytes);
    throw new StreamError('overflow', `the producer holds maxPendingBytes = ${maxPendingBytes}: wait for ready()`);
  }

  ready(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (this.#hasRoom) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  async flush(): Promise<void> {
    this.#seal();
    const outstanding = [...this.#sent, ...this.#sealed].map(({ kept }) => kept);
    this.#pump();
    await Promise.all(outstanding);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  close(item?: HttpItem): Promise<HttpWritten> {
    if (this.#closing !== undefined) return this.#closing;
    this.#check();
    this.#closing = this.#finish(item === undefined ? undefined : this.#rules.encoding.encode(item));
    return this.#closing;
  }

  async detach(): Promise<void> {
    if (this.#closing === undefined) await (this.#leaving ??= this.flush());
    else await this.#closing;
    this.#release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.detach();
  }

  /** Whether one more item is taken, whatever its size: who waited for room must find it. */
  get #hasRoom(): boolean {
    return this.pendingBytes < this.#rules.maxPendingBytes;
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if ((this.#closing ?? this.#leaving) === undefined) return;
    throw new StreamError('client-closed', 'the producer was closed: it takes nothing more');
  }

  async #finish(last: Uint8Array | undefined): Promise<HttpWritten> {
    await this.flush();
    const batch = new Batch(this.#rules.encoding, true);
    if (last !== undefined) this.#hold(batch, last);
    this.#sealed.push(batch);
    this.#pump();
    const { offset } = await batch.kept;
    this.#release();
    return { offset };
  }

  #add(bytes: Uint8Array): Promise<HttpAppended> {
    const { encoding, maxBatchItems, maxBatchBytes } = this.#rules;
    if (this.#open !== undefined && this.#open.size + bytes.length > maxBatchBytes) this.#seal();
    this.#open ??= new Batch(encoding);
    const batch = this.#open;
    this.#hold(batch, bytes);
    if (batch.items.length >= maxBatchItems || batch.size >= maxBatchBytes) this.#seal();
    else if (!this.#due) this.#linger ??= this.#wait();
    this.#pump();
    return batch.kept;
  }

  #hold(batch: Batch, bytes: Uint8Array): void {
    batch.add(bytes);
    this.pendingBytes += bytes.length;
  }

  #wait(): Subscription {
    return this.#rules.scheduler.schedule(() => {
      this.#linger = undefined;
      this.#due = true;
      this.#pump();
    }, this.#rules.lingerMs);
  }

  #seal(): void {
    const batch = this.#takeOpen();
    if (batch !== undefined) this.#sealed.push(batch);
  }

  #takeOpen(): Batch | undefined {
    const batch = this.#open;
    this.#open = undefined;
    this.#due = false;
    this.#linger?.unsubscribe();
    this.#linger = undefined;
    return batch;
  }

  /** Sends what is ready, as far as there is room under way. What cannot go yet takes more items meanwhile. */
  #pump(): void {
    const most = this.#claimed ? this.#rules.maxInFlight : 1;
    // What is sent while others wait for their turn would come too early as well.
    while (this.#early === 0 && this.#sent.size < most) {
      const batch = this.#sealed.shift() ?? (this.#due ? this.#takeOpen() : undefined);
      if (batch === undefined) return;
      batch.seq = this.#seq++;
      batch.before = this.#latest;
      this.#latest = batch.kept;
      this.#sent.add(batch);
      void this.#deliver(batch);
    }
  }

  async #deliver(batch: Batch): Promise<void> {
    const retries = createRetries(this.#rules, this.#abort.signal, 'createHttpProducer');
    let waited = false;
    try {
      for (;;) {
        const [oldest] = this.#sent;
        try {
          const posted = this.#post(batch);
          if (waited) this.#pump();
          return this.#settle(batch, await posted);
        } catch (error) {
          if (this.#claim(error)) continue;
          if (batch !== oldest && !waited && isGap(error)) {
            // It has overtaken the batch before it. When that is kept, its own turn has come.
            waited = true;
            this.#early++;
            await batch.before;
            this.#early--;
          } else {
            await retries.failed(error);
          }
        }
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #post({ body, seq, closing }: Batch): Promise<HttpAppended> {
    const { encoding, producerId } = this.#rules;
    const headers = {
      'content-type': body === undefined ? undefined : encoding.contentType,
      'producer-id': producerId,
      'producer-epoch': `${this.epoch}`,
      'producer-seq': `${seq}`,
      'stream-closed': closing ? 'true' : undefined,
    };
    const answer = await send(this.#rules, { method: 'POST', headers, body }, this.#abort.signal);
    return { offset: offsetOf(answer), duplicate: answer.status === 204 };
  }

  /** Takes the next epoch, if that is what an error calls for. */
  #claim(error: unknown): boolean {
    if (this.#claimed || !(error instanceof HttpError) || error.code !== 'producer-fenced') return false;
    if (error.epoch === undefined || this.#claims++ >= maxClaims) return false;
    this.epoch = error.epoch + 1;
    return true;
  }

  #settle(batch: Batch, appended: HttpAppended): void {
    this.#sent.delete(batch);
    this.pendingBytes -= batch.bytes;
    this.#claimed = true;
    batch.resolve(appended);
    if (this.#hasRoom) for (const { resolve } of this.#waiters.splice(0)) resolve();
    this.#pump();
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#abort.abort(error);
    this.#seal();
    for (const { reject } of [...this.#sent, ...this.#sealed, ...this.#waiters]) reject(error);
    this.#sent.clear();
    this.#sealed.length = 0;
    this.#waiters = [];
    this.pendingBytes = 0;
    this.#release();
  }

  #release(): void {
    this.#following?.unsubscribe();
  }
}

function isGap(error: unknown): boolean {
  return error instanceof HttpError && error.code === 'sequence-gap';
}
