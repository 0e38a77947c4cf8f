import { Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import { dedupe, idleTimeout, reorder, repair, unwrap, verify } from '../../operators/index.js';
import {
  checkBound,
  checkName,
  type Chunk,
  type ChunkData,
  End,
  endError,
  type EndStatus,
  Gap,
  Mark,
  type Notice,
  type Range,
} from '../chunk/index.js';
import type { Probe } from '../probe/index.js';
import type { Bus } from './bus.js';
import { maxRanges, type Message, messageText, readMessage } from './message.js';
import { BusSender, requestTopic } from './sender.js';

/** Options of a {@link Sender}. */
export interface SenderOptions {
  /** Names this sender: receivers follow one. Default: a random one. */
  readonly id?: string;
  /** Most chunks kept to be sent again. Default 4096. */
  readonly keepChunks?: number;
  /** Most bytes kept to be sent again, as they go over the bus. Default 4 MiB. */
  readonly keepBytes?: number;
  /** How often silence is broken, so that receivers miss a lost tail, and know that the sender lives. Default 500. */
  readonly heartbeatMs?: number;
  /** How long the end is repeated, and what is missing sent again, after {@link Sender.close}. Default 5000. */
  readonly lingerMs?: number;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** Sends chunks over a bus so that they arrive. */
export interface Sender {
  readonly id: string;
  /** Number of the next chunk. */
  readonly next: number;
  /** Bytes kept to be sent again. */
  readonly bytes: number;
  /** Sends data as the next chunk. @throws `chunk-invalid`; `stream-closed` after `close` */
  send(data: ChunkData): void;
  /** Says that this was all. Resolves when nobody can ask for anything any more. */
  close(status?: EndStatus, reason?: string): Promise<void>;
  /** Goes without a word, as a process that dies. */
  dispose(): void;
}

/** Options of {@link ReliableBus.receive}. */
export interface ReceiveOptions {
  /** Number of the first chunk wanted; `first`: of the first that comes by. Default 0: all, as far as they are kept. */
  readonly start?: number | 'first';
  /** How long nothing may be heard of the sender once it was heard, before the stream fails. Default 10 000. */
  readonly silenceMs?: number;
  /** How long a chunk may be missing before it is asked for. Default 20. */
  readonly delayMs?: number;
  /** Longest wait after the first request; it doubles with each, up to four times as long. Default 100. */
  readonly retryMs?: number;
  /** How often a chunk is asked for. Default 20. */
  readonly retries?: number;
  /** Chunks that may wait for a missing one. Default 4096. */
  readonly window?: number;
  /** What becomes of chunks that cannot be had any more: an error, or on without a word. Default `error`. */
  readonly onGap?: 'error' | 'skip';
  /** Hears what the stages hear. */
  readonly probe?: Probe;
  /** A number from 0 up to 1, to spread requests in time. Default `Math.random`. */
  readonly random?: () => number;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** A bus over which everything arrives once and in order, or fails by name. */
export interface ReliableBus {
  /** Begins to send on a topic. */
  sender(topic: string, options?: SenderOptions): Sender;

  /**
   * Follows a topic: the first sender that is heard of.
   *
   * **Emits** its chunks, each once, in order.
   * **Errors** with `gap` when chunks are missing that the sender no longer keeps, or that never come; with `idle-timeout` when
   * the sender falls silent; with `stream-failed` or `stream-cancelled` as it ends; with what the bus throws.
   * **Completes** as the sender does.
   * **Holds** at most `window` chunks.
   */
  receive(topic: string, options?: ReceiveOptions): Observable<Chunk>;
}

/**
 * Makes a bus reliable: the sender keeps what it sent last, receivers ask for what is missing, and a heartbeat that carries the
 * last number shows them a lost tail.
 *
 * @example
 * const bus = reliable(createMemoryBus());
 * bus.receive('runs/17/tokens').subscribe(({ data }) => show(data));
 * const sender = bus.sender('runs/17/tokens');
 * for await (const token of tokens) sender.send(token);
 * await sender.close();
 */
export function reliable(bus: Bus): ReliableBus {
  return {
    sender: (topic, options = {}) => new BusSender(bus, topic, options),
    receive: (topic, options = {}) => receive(bus, checkName(topic), options),
  };
}

function receive(bus: Bus, topic: string, options: ReceiveOptions): Observable<Chunk> {
  const { start = 0, delayMs = 20, retryMs = 100, retries = 20, onGap = 'error' } = options;
  const window = checkBound('window', options.window ?? 4096);
  const silenceMs = checkBound('silenceMs', options.silenceMs ?? 10_000);
  const { probe, random, scheduler } = options;
  const told = probe === undefined ? {} : { probe };
  const timed = scheduler === undefined ? {} : { scheduler };
  return new Observable<Chunk>((destination) => {
    let sender = '';
    const request = (ranges: readonly Range[]): void => ask(bus, topic, sender, ranges);
    const heard = new Observable<Chunk | Notice>((items) =>
      listen(bus, topic, items, (from) => {
        if (sender === '') sender = from;
        return from === sender;
      }),
    );
    return heard
      .pipe(
        idleTimeout({ eachMs: silenceMs, ...timed }),
        verify({ onMismatch: 'drop', missing: 'fail', ...told }),
        dedupe({ by: 'seq', window: window * 2, ...told }),
        repair({
          request,
          start,
          delayMs,
          retryMs,
          maxRetryMs: retryMs * 4,
          retries,
          // Numbers, not chunks: one who comes late is told which of all that was sent is no longer kept.
          maxMissing: 1 << 20,
          ...(random === undefined ? {} : { random }),
          ...told,
          ...timed,
        }),
        reorder({ window, start, onOverflow: onGap, ...told }),
        unwrap({ onGap }),
      )
      .subscribe(destination);
  });
}

/** Listens to a topic for the items of the sender that is followed. */
function listen(
  bus: Bus,
  topic: string,
  items: Subscriber<Chunk | Notice>,
  follows: (sender: string) => boolean,
): void {
  const hear = (text: string): void => {
    const message = readMessage(text);
    if (message === undefined || message.t === 'nack' || !follows(message.from)) return;
    for (const item of itemsOf(topic, message)) items.next(item);
  };
  void (async () => {
    try {
      items.add(await bus.subscribe(topic, hear));
    } catch (error) {
      items.error(error);
    }
  })();
}

function itemsOf(topic: string, message: Exclude<Message, { t: 'nack' }>): (Chunk | Notice)[] {
  switch (message.t) {
    case 'chunk':
      return [message.chunk];
    case 'mark':
      return [new Mark(topic, message.seq)];
    case 'end':
      return [new End(topic, message.seq, message.status, endError(topic, message.status, message.reason))];
    case 'lost':
      return message.ranges.map(({ from, to }) => new Gap(topic, from, to, 'trimmed'));
  }
}

/** Asks a sender for what is missing. A request that cannot be sent is repeated like one that is lost. */
function ask(bus: Bus, topic: string, to: string, ranges: readonly Range[]): void {
  for (let at = 0; at < ranges.length; at += maxRanges) {
    const text = messageText({ t: 'nack', to, ranges: ranges.slice(at, at + maxRanges) });
    void (async () => {
      try {
        await bus.publish(requestTopic(topic), text);
      } catch {
        // It is asked for again.
      }
    })();
  }
}
