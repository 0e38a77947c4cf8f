import type { ServerResponse } from 'node:http';
import { asyncScheduler, filter, map, type Observable, type SchedulerLike } from 'rxjs';
import { checkBound, StreamError, toStreamError } from '../chunk/index.js';
import { createFlow, type Flow } from '../flow/index.js';
import { closeCodes } from '../protocol/index.js';
import { toNode } from '../response/to-node.js';
import type { RunEvent } from '../run/index.js';
import { isAskedFor } from '../run/is-asked-for.js';
import { eventsOf } from '../run/names.js';
import { toAsyncIterable } from '../source/iterable.js';
import type { Streams } from '../streams/index.js';
import { fitReason } from '../transport/websocket/reason.js';
import type { RunQuery } from './run-query.js';

/** How runs are shown to those who watch. */
export interface RunWatchOptions {
  /** Events that may wait for a slow reader before the log is not read on for it. Default 64. */
  readonly capacity?: number;
  /** Bytes that may wait for a slow WebSocket. Default 1 MiB. */
  readonly highWaterMark?: number;
  /** How long nothing is sent over SSE before a comment shows that the connection lives. Default 15 000. */
  readonly heartbeatMs?: number;
  /** How often a WebSocket is asked whether it lives; one that does not answer in that time is ended. Default 30 000. */
  readonly pingMs?: number;
  /** How long a browser waits before it comes back. Default 1 000. */
  readonly retryMs?: number;
  /** Clock and timers. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** @internal What is needed of a WebSocket: the class of `ws` has it. */
export interface WatchSocket {
  readonly bufferedAmount: number;
  send(data: string, sent: (error?: Error) => void): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'close' | 'pong' | 'error', listener: () => void): unknown;
}

/** What is asked for, of one run among all that ever had its name. */
interface WatchQuery extends RunQuery {
  readonly life: string;
}

interface Seen {
  readonly seq: number;
  readonly event: RunEvent;
}

/** @internal Shows runs to those who watch, each at the pace it can take. */
export class RunWatch {
  private readonly settings: Required<RunWatchOptions>;

  constructor(
    private readonly streams: Streams,
    private readonly parse: (value: unknown) => RunEvent,
    options: RunWatchOptions,
  ) {
    this.settings = {
      capacity: checkBound('capacity', options.capacity ?? 64),
      highWaterMark: checkBound('highWaterMark', options.highWaterMark ?? 1 << 20),
      heartbeatMs: checkBound('heartbeatMs', options.heartbeatMs ?? 15_000, { infinite: true }),
      pingMs: checkBound('pingMs', options.pingMs ?? 30_000, { max: 2 ** 31 - 1 }),
      retryMs: checkBound('retryMs', options.retryMs ?? 1000, { min: 0 }),
      scheduler: options.scheduler ?? asyncScheduler,
    };
  }

  /** Whether somebody who comes back has seen it all. */
  async isSeen(executionId: string, { from, resumed }: RunQuery): Promise<boolean> {
    if (!resumed) return false;
    const info = await this.streams.info(eventsOf(executionId));
    return info !== undefined && info.status !== 'active' && typeof from === 'number' && from >= info.next;
  }

  /** Over SSE: each event under its name, its id its number in the stream, then `end`. */
  async overResponse(executionId: string, query: WatchQuery, response: ServerResponse): Promise<void> {
    const { capacity, heartbeatMs, retryMs, scheduler } = this.settings;
    const flow = createFlow();
    await toNode(this.events(executionId, query, flow), response, {
      format: 'sse',
      event: ({ seq, event }) => ({ id: `${seq}`, event: event.event_type, data: JSON.stringify(event) }),
      flow,
      capacity,
      heartbeatMs,
      retryMs,
      scheduler,
    });
  }

  /** Over a WebSocket: a message each; closed with 1000 behind the last. */
  async overSocket(executionId: string, query: WatchQuery, socket: WatchSocket): Promise<void> {
    const flow = createFlow();
    const { capacity } = this.settings;
    const items = toAsyncIterable(this.events(executionId, query, flow), { capacity, flow });
    const alive = this.keepAlive(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      alive.unsubscribe();
      void items.return!();
    });
    try {
      for await (const { event } of items) await this.send(socket, JSON.stringify(event));
      socket.close(closeCodes.normal, 'the run has ended');
    } catch (error) {
      const { code, message } = toStreamError(error, 'internal');
      socket.close(closeCodes.internal, fitReason(error instanceof StreamError ? `${code}: ${message}` : code));
    }
  }

  /** Resolves when the socket can take more. */
  private async send(socket: WatchSocket, text: string): Promise<void> {
    await new Promise<void>((resolve) => {
      // Called as well when it cannot be sent any more.
      socket.send(text, () => resolve());
      if (socket.bufferedAmount < this.settings.highWaterMark) resolve();
    });
  }

  private keepAlive(socket: WatchSocket) {
    const { scheduler, pingMs } = this.settings;
    let heard = true;
    socket.on('pong', () => (heard = true));
    return scheduler.schedule(function () {
      if (!heard) return socket.terminate();
      heard = false;
      socket.ping();
      this.schedule(undefined, pingMs);
    }, pingMs);
  }

  private events(executionId: string, query: WatchQuery, flow: Flow): Observable<Seen> {
    return this.streams.receive(eventsOf(executionId), { from: query.from, life: query.life, flow }).pipe(
      map(({ seq, data }) => ({ seq, event: this.parse(data) })),
      filter(({ event }) => isAskedFor(event, query)),
    );
  }
}
