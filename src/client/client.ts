import { asyncScheduler, type Observable } from 'rxjs';
import { checkBound, checkName, type Chunk, type ChunkBody, encodeChunk } from '../chunk/index.js';
import type { AppendOptions } from '../log/log.js';
import type { ClientTransport } from '../transport/transport.js';
import type { Probe } from '../probe/index.js';
import { RepairingReader } from './repairing-reader.js';
import { checkLength, maxReason, type ReadClient, type ReadClientOptions, StreamReader } from './read-client.js';
import type { Line } from './line.js';
import { type TokenSource, withToken } from './with-token.js';
import { Writer } from './writer.js';
import { WritingConnection } from './writing-connection.js';

/** Options of {@link createClient}. */
export interface ClientOptions extends ReadClientOptions {
  /** How to reach the server: `createWebSocketTransport`, `createSseTransport`, or one of your own. */
  readonly transport: ClientTransport;
  /**
   * Says who this client is: a token, or what gets one. Asked for each connection, and again before the time of one is over.
   * Default: nobody in particular.
   */
  readonly token?: TokenSource;
  /** How long a missing chunk may take before it is asked for again. Default 200 ms. */
  readonly gapMs?: number;
  /** Told of duplicates, holes, repairs. */
  readonly probe?: Probe;
  /** Chunks given to `publish` that may wait for their acknowledgement; one more is an `overflow`. Default 65 536. */
  readonly maxQueue?: number;
  /**
   * Name this client writes under. One that was used before is taken over: the earlier life can write no more. Default: a
   * random one.
   */
  readonly producer?: string;
}

/** Reads and writes streams of a server, over as many connections as it takes. */
export interface Client<C = Chunk> extends ReadClient<C> {
  /**
   * Writes chunks, and perhaps the stream's end. Resolves when the server keeps them; sends them again as often as it
   * takes, and they are kept once. Calls for one stream go in order.
   */
  publish(streamId: string, chunks: readonly ChunkBody[], options?: AppendOptions): Promise<{ readonly next: number }>;

  /** Streams this client writes to that somebody cancelled. */
  readonly stopped: Observable<{ readonly streamId: string; readonly reason: string | undefined }>;
}

/**
 * Makes a client. It connects when it is first used.
 *
 * @example
 * const client = createClient({ transport: createWebSocketTransport({ url: 'ws://127.0.0.1:4437' }) });
 * client.receive('books/moby-dick').subscribe((chunk) => show(chunk.data));
 */
export function createClient<C extends Omit<Chunk, 'data'> = Chunk>(options: ClientOptions): Client<C> {
  return new StreamClient<C>(options);
}

/** Longest name of a producer, in characters: what a frame may hold. */
const maxProducer = 256;

function checkAppend({ producer, close }: AppendOptions): void {
  if (producer !== undefined) {
    checkLength('producer.id', producer.id, 1, maxProducer);
    checkBound('producer.epoch', producer.epoch, { min: 0 });
    checkBound('producer.seq', producer.seq, { min: 0 });
  }
  checkLength('close.reason', close?.reason ?? '', 0, maxReason);
}

function known({ token, ...options }: ClientOptions): ReadClientOptions {
  if (token === undefined) return options;
  return { ...options, transport: withToken(options.transport, token, options.scheduler) };
}

class StreamClient<C> extends StreamReader<C> implements Client<C> {
  readonly #writer: Writer;
  readonly stopped: Client['stopped'];

  constructor(options: ClientOptions) {
    const { probe, scheduler = asyncScheduler } = options;
    const gapMs = checkBound('gapMs', options.gapMs ?? 200);
    const repair = { gapMs, probe, scheduler };
    super(
      known(options),
      WritingConnection,
      (port, settings, output) => new RepairingReader(port, { ...settings, ...repair }, output),
    );
    const maxQueue = checkBound('maxQueue', options.maxQueue ?? 65_536);
    const producer = checkLength('producer', options.producer ?? crypto.randomUUID(), 1, maxProducer);
    // Under a name of its own it may have written before: by the time, this life comes after that. By chance it is no other's
    // that began in the same millisecond: what the one sent would be taken for what the other had.
    const { random = Math.random } = options.backoff ?? {};
    const epoch = options.producer === undefined ? 0 : Math.floor((scheduler.now() + random()) * 1000);
    const line = this.lines[0] as Line<WritingConnection>;
    this.#writer = new Writer(line, scheduler, { id: producer, epoch }, maxQueue);
    this.stopped = this.#writer.stopped;
  }

  publish(
    streamId: string,
    chunks: readonly ChunkBody[],
    options: AppendOptions = {},
  ): Promise<{ readonly next: number }> {
    checkName(streamId);
    checkAppend(options);
    return this.#writer.publish(streamId, chunks.map(encodeChunk), options);
  }
}
