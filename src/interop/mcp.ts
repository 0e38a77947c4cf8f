import { checkBound, checkName, createChunk, decodeChunk, type JsonObject, StreamError } from '../chunk/index.js';
import type { Log } from '../log/log.js';
import { createStreams, type Streams } from '../streams/index.js';

/** An `EventStore` of `@modelcontextprotocol/sdk` 1, as its Streamable HTTP transport defines it. */
export interface McpEventStore<Message> {
  /** Keeps a message. @returns its id, which a client that comes back names as the last it has */
  storeEvent(streamId: string, message: Message): Promise<string>;
  /** The stream of an event; `undefined` when the id is none of ours. */
  getStreamIdForEventId(eventId: string): Promise<string | undefined>;
  /** Sends what was kept behind an event, in order. @returns the stream it is of */
  replayEventsAfter(
    lastEventId: string,
    to: { send: (eventId: string, message: Message) => Promise<void> },
  ): Promise<string>;
}

/** Options of {@link createMcpEventStore}. */
export interface McpEventStoreOptions {
  /** Where events are kept. */
  readonly log: Log;
  /**
   * The session, and with it what the names of its streams begin with: `mcp/SESSION`. The transport gives the stream of a
   * session's notices the same name in every session, so that each needs a store of its own.
   */
  readonly sessionId: string;
  /** Most events of a stream that are kept, about. Default 10 000. */
  readonly maxEvents?: number;
}

/** A JSON-RPC message, in any version of the SDK. */
type AnyMessage = object;

/** How many events go between two looks at what may be forgotten. */
const trimEvery = 64;

/**
 * Keeps the events of an MCP server's streams in any log, so that a client that has lost its connection misses nothing,
 * whichever process it comes back to.
 *
 * @example
 * const sessionId = randomUUID();
 * const eventStore = createMcpEventStore({ log, sessionId });
 * const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => sessionId, eventStore });
 */
export function createMcpEventStore<Message extends AnyMessage = AnyMessage>(
  options: McpEventStoreOptions,
): McpEventStore<Message> {
  const { log, sessionId } = options;
  const maxEvents = checkBound('maxEvents', options.maxEvents ?? 10_000);
  return new LogEventStore(log, checkName(`mcp/${segment(sessionId)}`), maxEvents);
}

function segment(text: string): string {
  if (typeof text !== 'string' || !text.isWellFormed()) {
    throw new StreamError('name-invalid', 'an id must be text without lone surrogates');
  }
  return encodeURIComponent(text);
}

class LogEventStore<Message extends AnyMessage> implements McpEventStore<Message> {
  private readonly streams: Pick<Streams, 'publish'>;

  constructor(
    private readonly log: Log,
    private readonly prefix: string,
    private readonly maxEvents: number,
  ) {
    this.streams = createStreams({ log });
  }

  async storeEvent(streamId: string, message: Message): Promise<string> {
    const name = this.nameOf(streamId);
    const chunk = createChunk({ streamId: name, seq: 0, data: message as unknown as JsonObject });
    const { next } = await this.streams.publish(name, [chunk]);
    if (next % trimEvery === 0 && next > this.maxEvents) await this.log.trim(name, next - this.maxEvents);
    return eventIdOf(streamId, next - 1);
  }

  async getStreamIdForEventId(eventId: string): Promise<string | undefined> {
    return await Promise.resolve(placeOf(eventId)?.streamId);
  }

  async replayEventsAfter(
    lastEventId: string,
    { send }: { send: (eventId: string, message: Message) => Promise<void> },
  ): Promise<string> {
    const place = placeOf(lastEventId);
    if (place === undefined) throw new StreamError('data-malformed', 'the last event id is none of this store');
    const { streamId, seq } = place;
    const name = this.nameOf(streamId);
    for (let at = seq + 1; ;) {
      const { from, chunks } = await this.log.read(name, at, { chunks: 256, bytes: 1 << 20 });
      if (chunks.length === 0) return streamId;
      // Silence about what is missing would be worse than no stream at all.
      if (from > at) throw new StreamError('gap', `events ${at} to ${from - 1} are no longer kept`, { streamId: name });
      for (const [i, chunk] of chunks.entries()) {
        const message = decodeChunk(name, from + i, chunk).data as unknown as Message;
        // What only opens a stream, so that there is an id to come back with, is no message.
        if (Object.keys(message).length > 0) await send(eventIdOf(streamId, from + i), message);
      }
      at = from + chunks.length;
    }
  }

  private nameOf(streamId: string): string {
    return checkName(`${this.prefix}/${segment(streamId)}`);
  }
}

function eventIdOf(streamId: string, seq: number): string {
  return `${segment(streamId)}:${seq}`;
}

function placeOf(eventId: string): { streamId: string; seq: number } | undefined {
  const [, stream = '', seq] = /^(.+):(0|[1-9]\d{0,15})$/.exec(eventId) ?? [];
  try {
    return seq === undefined ? undefined : { streamId: decodeURIComponent(stream), seq: Number(seq) };
  } catch {
    return undefined;
  }
}
