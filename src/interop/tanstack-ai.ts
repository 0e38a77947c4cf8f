import { asyncScheduler, type SchedulerLike } from 'rxjs';
import {
  checkBound,
  checkName,
  createChunk,
  decodeChunk,
  type JsonObject,
  kindOf,
  StreamError,
} from '../chunk/index.js';
import type { Log } from '../log/log.js';
import { createStreams, type Streams } from '../streams/index.js';
import { firstEntry, type FirstEntryOptions } from './first-entry.js';

/** A chunk of TanStack AI: an event of AG-UI. */
export interface TanStackChunk {
  readonly type: string;
}

/** A chunk with its place. */
export interface TanStackEntry<C> {
  readonly offset: string;
  readonly chunk: C;
}

/** A `StreamDurability` of TanStack AI 0.58, as its core defines it. */
export interface StreamDurability<C> {
  /** Where the reader of the request is, or `null` for a producer. */
  resumeFrom(): string | null;
  /** Keeps a batch before it is delivered, and answers with an offset for each chunk. */
  append(chunks: C[]): Promise<string[]>;
  /** What is kept behind an offset, then what comes, until the run is over. */
  read(offset: string, signal?: AbortSignal): AsyncIterable<TanStackEntry<C>>;
  /** The run is over. */
  close(): Promise<void>;
  /** What is kept now, without waiting. */
  snapshot(): Promise<TanStackEntry<C>[]>;
}

/** Which run, and where its reader is. */
export interface DurableRun {
  readonly runId: string;
  /** Default `null`: a producer. */
  readonly offset?: string | null;
}

/** Options of {@link tanStackDurability}. */
export interface TanStackDurabilityOptions {
  /** Where runs are kept. */
  readonly log: Log;
  /** What the names of their streams begin with. Default `runs`. */
  readonly prefix?: string;
  /** How long who joins a run that has said nothing yet waits for its first chunk, before it fails. Default 5000. */
  readonly firstChunkMs?: number;
  /** Makes the id of a run whose request names none. Default `crypto.randomUUID`. */
  readonly generateId?: () => string;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

const fromStart = '-1';
const fromNow = 'now';

/**
 * Keeps the runs of TanStack AI in any log, so that they are resumed by any process: for the `durability` of
 * `toServerSentEventsResponse` and `resumeServerSentEventsResponse`.
 *
 * @param source - the request that is answered, or a run
 * @throws StreamError `data-malformed` when the request names a place that is none
 *
 * @example
 * const adapter = tanStackDurability(request, { log });
 * return toServerSentEventsResponse(chat({ adapter: model, messages }), { durability: { adapter, batch: 1 } });
 */
export function tanStackDurability<C extends TanStackChunk = TanStackChunk>(
  source: Request | DurableRun,
  options: TanStackDurabilityOptions,
): StreamDurability<C> {
  if (typeof source !== 'object') throw new TypeError(`source must be a request or a run, got ${kindOf(source)}`);
  const { prefix = 'runs', generateId = () => crypto.randomUUID(), scheduler = asyncScheduler } = options;
  const firstChunkMs = checkBound('firstChunkMs', options.firstChunkMs ?? 5000, { min: 0, max: 2 ** 31 - 1 });
  const { runId, offset = null } = 'runId' in source ? source : runOf(source, generateId);
  const patience = { withinMs: firstChunkMs, scheduler };
  return new RunDurability(createStreams({ log: options.log }), nameOf(prefix, runId), { runId, offset }, patience);
}

/** As the toolkit's own adapters read a request: headers before the address, a place before a name. */
function runOf(request: Request, generateId: () => string): DurableRun {
  const { searchParams } = new URL(request.url);
  const offset = request.headers.get('last-event-id') ?? searchParams.get('offset');
  if (offset !== null && offset !== fromStart && offset !== fromNow) return { runId: parsed(offset).runId, offset };
  return { runId: request.headers.get('x-run-id') ?? searchParams.get('runId') ?? generateId(), offset };
}

function nameOf(prefix: string, runId: string): string {
  if (!runId.isWellFormed()) throw new StreamError('name-invalid', 'the id of a run must not hold a lone surrogate');
  return checkName(`${prefix}/${encodeURIComponent(runId)}`);
}

/** The run is part of a place: who comes back need not name it. */
function parsed(offset: string): { runId: string; seq: number } {
  const [, run = '', seq] = /^(.+):(0|[1-9]\d{0,15})$/.exec(offset) ?? [];
  try {
    if (seq !== undefined) return { runId: decodeURIComponent(run), seq: Number(seq) };
  } catch {
    // As below.
  }
  throw new StreamError('data-malformed', 'the offset is no place in a run');
}

class RunDurability<C extends TanStackChunk> implements StreamDurability<C> {
  constructor(
    private readonly streams: Streams,
    private readonly streamId: string,
    private readonly run: Required<DurableRun>,
    private readonly patience: Pick<FirstEntryOptions, 'withinMs' | 'scheduler'>,
  ) {}

  resumeFrom(): string | null {
    return this.run.offset;
  }

  async append(chunks: C[]): Promise<string[]> {
    const { streamId } = this;
    const bodies = chunks.map((data) => createChunk({ streamId, seq: 0, data: data as unknown as JsonObject }));
    const { first } = await this.streams.publish(streamId, bodies);
    return chunks.map((_, i) => this.offsetOf(first + i));
  }

  async *read(offset: string, signal?: AbortSignal): AsyncGenerator<TanStackEntry<C>, void> {
    const { streams, streamId } = this;
    const from = await this.seqBehind(offset);
    if (from === 0) await firstEntry(streams.log, streamId, { ...this.patience, signal });
    if (signal?.aborted === true) return;
    const chunks = streams.read(streamId, { from });
    const leave = (): void => void chunks.return?.();
    signal?.addEventListener('abort', leave);
    try {
      for await (const { seq, data } of chunks) yield { offset: this.offsetOf(seq), chunk: data as unknown as C };
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  async close(): Promise<void> {
    const { streams, streamId } = this;
    // A run that has said nothing is over, too.
    await streams.create(streamId);
    const info = await streams.info(streamId);
    if (info?.status === 'active') await streams.close(streamId);
  }

  async snapshot(): Promise<TanStackEntry<C>[]> {
    const { streams, streamId } = this;
    const { log } = streams;
    const entries: TanStackEntry<C>[] = [];
    const info = await log.info(streamId);
    if (info === undefined) return entries;
    for (let at = info.first; at < info.next;) {
      const { from, chunks } = await log.read(streamId, at, { chunks: 256, bytes: 1 << 20 });
      for (const [i, chunk] of chunks.entries()) {
        const { data } = decodeChunk(streamId, from + i, chunk);
        entries.push({ offset: this.offsetOf(from + i), chunk: data as unknown as C });
      }
      if (chunks.length === 0) break;
      at = from + chunks.length;
    }
    return entries;
  }

  private offsetOf(seq: number): string {
    return `${encodeURIComponent(this.run.runId)}:${seq}`;
  }

  private async seqBehind(offset: string): Promise<number> {
    if (offset === fromStart) return 0;
    if (offset === fromNow) return (await this.streams.info(this.streamId))?.next ?? 0;
    const { runId, seq } = parsed(offset);
    if (runId !== this.run.runId) throw new StreamError('data-malformed', 'the offset is a place in another run');
    return seq + 1;
  }
}
