import type { SchedulerLike } from 'rxjs';
import { type ChunkData, createChunk, encodeChunk, type EncodedChunk } from '../../src/chunk/index.js';
import { createDurableStreams, type DurableStreamsOptions } from '../../src/durable/durable-streams.js';
import type { Outflow, Reply, Sink } from '../../src/durable/reply.js';
import type { DurableRequest } from '../../src/durable/request.js';
import type { Log } from '../../src/log/log.js';
import { createMemoryLog, type MemoryLogOptions } from '../../src/log/memory.js';
import { createStreams } from '../../src/streams/index.js';

/** What a request says besides its method and target. */
export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

const root = { origin: 'http://here.test', path: '/v1/stream/' };
export const text = { 'content-type': 'text/plain' };
export const json = { 'content-type': 'application/json' };
export const binary = { 'content-type': 'application/octet-stream' };

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A request for `target`, below the root. */
export function requestFor(
  method: string,
  target: string,
  { headers = {}, body = '', signal }: Asked = {},
): DurableRequest {
  const bytes = typeof body === 'string' ? encoder.encode(body) : body;
  return {
    method,
    target: `/v1/stream/${target}`,
    ...root,
    signal: signal ?? new AbortController().signal,
    header: (name) => headers[name],
    body: async (admits) => (admits(bytes.length) ? bytes : undefined),
  };
}

/** A chunk as logs keep it. */
export function encoded(data: ChunkData): EncodedChunk {
  return encodeChunk(createChunk({ streamId: 's', seq: 0, data, timestamp: 0 }));
}

/** Counts who watches a log from now on. */
export function watchersOf(log: Log): () => number {
  const watch = log.watch.bind(log);
  let count = 0;
  log.watch = (streamId, listener) => {
    const stop = watch(streamId, listener);
    const counts = streamId.startsWith('sluice/') ? 0 : 1;
    count += counts;
    return () => {
      count -= counts;
      stop();
    };
  };
  return () => count;
}

/** Somebody who takes an answer piece by piece, at a pace of his own. */
export class Drinker implements Sink {
  text = '';
  state: 'open' | 'ended' | 'aborted' = 'open';
  /** Bytes written. */
  length = 0;
  /** How many writes it takes before it wants to be asked again. */
  thirst = Infinity;

  constructor(readonly outflow: Outflow) {}

  write(bytes: Uint8Array): boolean {
    this.text += decoder.decode(bytes);
    this.length += bytes.length;
    return --this.thirst > 0;
  }

  end(): void {
    this.state = 'ended';
  }

  abort(): void {
    this.state = 'aborted';
  }

  /** Takes so many writes more. */
  drink(writes = Infinity): void {
    this.thirst = writes;
    this.outflow.drained();
  }
}

/** The body of a reply that is there at once. */
export function textOf(reply: Reply): string {
  if (reply.body !== undefined && !(reply.body instanceof Uint8Array)) throw new Error('the body comes piece by piece');
  return decoder.decode(reply.body);
}

/** Opens a body that comes piece by piece. */
export function open(reply: Reply, thirst = Infinity): Drinker {
  if (reply.body === undefined || reply.body instanceof Uint8Array) throw new Error('the body is there at once');
  const drinker = new Drinker(reply.body);
  drinker.thirst = thirst;
  reply.body.start(drinker);
  return drinker;
}

/** A server of the protocol over a log in memory, without sockets. */
export function lab(
  options: Omit<DurableStreamsOptions, 'streams'> & { scheduler?: SchedulerLike } = {},
  logOptions: MemoryLogOptions = {},
) {
  const { scheduler } = options;
  const now = scheduler === undefined ? {} : { now: () => scheduler.now() };
  const log = createMemoryLog({ ...now, ...logOptions });
  const streams = createStreams({ log });
  const durable = createDurableStreams({ streams, random: () => 0.5, ...options });
  const ask = async (method: string, target: string, asked?: Asked): Promise<Reply> =>
    await durable.handle(requestFor(method, target, asked));
  return {
    log,
    streams,
    durable,
    ask,
    put: (target: string, asked: Asked = {}) =>
      ask('PUT', target, { ...asked, headers: { ...text, ...asked.headers } }),
    post: (target: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
      ask('POST', target, { body, headers: { ...text, ...headers } }),
    get: (target: string, asked?: Asked) => ask('GET', target, asked),
    /** What a plain GET shows. */
    content: async (target: string) => textOf(await ask('GET', target)),
  };
}
