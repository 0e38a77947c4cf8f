import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { asyncScheduler } from 'rxjs';
import { WebSocketServer } from 'ws';
import type { Action } from '../auth/auth.js';
import { budgetKey } from '../auth/budget-key.js';
import type { Quotas } from '../auth/quotas.js';
import { checkBound, StreamError } from '../chunk/index.js';
import { countStatus, type Refusals } from '../probe/index.js';
import { closeCodes } from '../protocol/index.js';
import { checkOrigins, originAllowed, type Origins } from '../protocol/origin.js';
import {
  createHeir,
  createRuns,
  type Heir,
  type Pipeline,
  type Run,
  type RunEvent,
  runEvents,
  type Runs,
  type RunsOptions,
} from '../run/index.js';
import { checkExecutionId, eventsOf, runStreams } from '../run/names.js';
import { checkServices } from '../run/run-pipeline.js';
import type { Access, Streams } from '../streams/index.js';
import { type Door, pathOf } from './door.js';
import { endAt } from './end-at.js';
import { checkRequest, principalOf } from './guard.js';
import { readJsonBody } from './json-body.js';
import { foreign, refusalOf, RequestError, tooMany } from './request-error.js';
import { answering, cancelling, starting } from './run-bodies.js';
import { readListQuery, readRunQuery } from './run-query.js';
import { RunWatch, type RunWatchOptions } from './run-watch.js';
import { refuseUpgrade, sendJson, sendRefusal } from './send-json.js';

/** Options of {@link createRunRoutes} that `serve` takes as `runs`. */
export interface ServedRunsOptions<S = unknown> extends Omit<RunsOptions<S>, 'streams'> {
  /** The pipelines that may be started, by their names. Default: none; runs of other processes are shown all the same. */
  readonly pipelines?: readonly Pipeline<never, unknown, S>[];
  /**
   * Whether runs of these pipelines go on here when their process has died: at once, where the log is one that no other process has;
   * else when their lease is over, in one of the processes that would have them. Default `true`.
   */
  readonly takeOver?: boolean;
  /** Who answers a step that waits, by what the request says; for steps that say who may. Default: nobody in particular. */
  readonly who?: (request: IncomingMessage) => string | undefined;
  /** Runs that were started here and go on; one more is refused with 429. Default 10 000. */
  readonly maxRuns?: number;
  /** Connections that watch runs; one more is refused with 429. Default 10 000. */
  readonly maxWatching?: number;
  /** Longest body of a request, in bytes. Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** How events go to those who watch. */
  readonly watch?: RunWatchOptions;
}

/** Options of {@link createRunRoutes}. */
export interface RunRoutesOptions<S = unknown> extends ServedRunsOptions<S> {
  /** Where runs are kept. */
  readonly streams: Streams;
  /** Says who may do what: `createAccess` makes it. Default: everybody everything. */
  readonly access?: Access;
  /** How much each may write: to start a run, and to answer it, is a chunk. Default: without end. */
  readonly quotas?: Pick<Quotas, 'spend'>;
  /** Counts what is refused. */
  readonly refusals?: Pick<Refusals, 'count'>;
  /** Pages of other hosts that may ask, see {@link Origins}. Default: none. */
  readonly origins?: Origins;
}

/** The routes of runs, for a server of Node. */
export interface RunRoutes<S> extends Door {
  readonly runs: Runs<S>;
  /** Takes up runs that their processes have left: for a reaper, and for the start of a server. */
  readonly heir: Heir;
  /** Answers a request if its path is one of these; says whether it is. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Takes a WebSocket if its path is that of a run; says whether it is. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Takes up no more runs, and ends what watches them: whoever comes back elsewhere goes on behind the last event he has seen. */
  dispose(): void;
}

/** Where a run is watched over SSE. */
const streamPath = '/stream/pipeline/';
/** Where a run is watched over a WebSocket. */
const socketPath = '/ws/pipeline/';
const runsPath = '/v1/runs';
/** How long a WebSocket has to say goodbye, in milliseconds. */
const farewellMs = 1000;

/** What became of a request: a status and a body, or nothing where it is answered already. */
type Answer = readonly [status: number, body: unknown] | undefined;
type Handler = (request: IncomingMessage, response: ServerResponse, id: string) => Promise<Answer>;

/** What a path leads to. */
interface Found {
  /** As the path has it; `undefined` where it has none. */
  readonly segment?: string;
  readonly methods: Readonly<Record<string, Handler>>;
}

/**
 * Makes the routes by which runs are started, watched, cancelled and answered:
 * `POST` and `GET /v1/runs`, `GET /v1/runs/{id}`, `POST /v1/runs/{id}/cancel` and `/input`, `GET /stream/pipeline/{id}` (SSE) and
 * `/ws/pipeline/{id}` (WebSocket).
 *
 * @throws {@link StreamError} `pipeline-invalid` where a service is missing that a pipeline needs
 *
 * @example
 * const routes = createRunRoutes({ streams, pipelines: [answer], services: { llm } });
 * createServer((request, response) => routes.handle(request, response) || notFound(response))
 *   .on('upgrade', (request, socket, head) => routes.upgrade(request, socket, head) || socket.destroy());
 */
export function createRunRoutes<S = unknown>(options: RunRoutesOptions<S>): RunRoutes<S> {
  return new Routes(options);
}

class Routes<S> implements RunRoutes<S> {
  readonly runs: Runs<S>;
  readonly heir: Heir;
  private readonly pipelines = new Map<string, Pipeline<never, unknown, S>>();
  private readonly sockets: WebSocketServer;
  private readonly watch: RunWatch;
  /** Answers by which runs are shown over SSE. */
  private readonly showing = new Set<ServerResponse>();
  private readonly maxRuns: number;
  private readonly maxWatching: number;
  private readonly maxBodyBytes: number;
  private going = 0;
  private watching = 0;

  constructor(private readonly options: RunRoutesOptions<S>) {
    const { streams, pipelines = [], events = runEvents } = options;
    checkOrigins(options.origins);
    for (const pipeline of pipelines) {
      if (this.pipelines.has(pipeline.name)) throw new TypeError(`two pipelines have the name "${pipeline.name}"`);
      checkServices(pipeline.definition, options.services);
      this.pipelines.set(pipeline.name, pipeline);
    }
    this.maxRuns = checkBound('maxRuns', options.maxRuns ?? 10_000);
    this.maxWatching = checkBound('maxWatching', options.maxWatching ?? 10_000);
    this.maxBodyBytes = checkBound('maxBodyBytes', options.maxBodyBytes ?? 1 << 20);
    this.runs = createRuns(options);
    this.heir = createHeir({
      streams,
      runs: this.runs,
      pipelines: options.takeOver === false ? [] : pipelines,
      taken: (run) => this.note(run),
      ...(options.scheduler === undefined ? {} : { scheduler: options.scheduler }),
    });
    this.watch = new RunWatch(streams, (value) => events.accept(value) as unknown as RunEvent, options.watch ?? {});
    // Nothing is heard of those who watch.
    this.sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  }

  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const path = pathOf(request);
    const found = this.route(path);
    if (found === undefined) return false;
    void this.answer(request, response, found);
    return true;
  }

  private route(path: string): Found | undefined {
    if (path === runsPath) return { methods: { GET: this.list, POST: this.start } };
    if (path.startsWith(streamPath)) return { segment: path.slice(streamPath.length), methods: { GET: this.stream } };
    if (!path.startsWith(`${runsPath}/`)) return undefined;
    const [segment = '', verb, ...more] = path.slice(runsPath.length + 1).split('/');
    if (more.length > 0) return undefined;
    if (verb === undefined) return { segment, methods: { GET: this.info } };
    if (verb === 'cancel') return { segment, methods: { POST: this.cancel } };
    return verb === 'input' ? { segment, methods: { POST: this.input } } : undefined;
  }

  private async answer(request: IncomingMessage, response: ServerResponse, found: Found): Promise<void> {
    // What a reader that has gone breaks is nobody's error.
    response.on('error', () => {});
    try {
      allowOrigin(this.options.origins, request, response);
      const { segment, methods } = found;
      const known = Object.keys(methods);
      if (request.method === 'OPTIONS' && request.headers.origin !== undefined) return preflight(response, known);
      const handler = methods[request.method!];
      if (handler === undefined) {
        response.setHeader('allow', known.join(', '));
        throw new RequestError(405, 'frame-invalid', `the method must be ${known.join(' or ')}`, 'method');
      }
      const answer = await handler(request, response, segment === undefined ? '' : idOf(segment));
      if (answer !== undefined) sendJson(request, response, ...answer);
    } catch (error) {
      countStatus(this.options.refusals, refusalOf(error).status);
      sendRefusal(request, response, error);
    }
  }

  private readonly start: Handler = async (request) => {
    const body = await readJsonBody(request, starting, this.maxBodyBytes);
    const pipeline = this.pipelines.get(body.pipeline);
    if (pipeline === undefined) {
      const known =
        this.pipelines.size === 0 ? 'none is known here' : `known are ${[...this.pipelines.keys()].join(', ')}`;
      throw new RequestError(400, 'pipeline-invalid', `pipeline: there is no such pipeline, ${known}`, 'pipeline');
    }
    await this.check(request, 'run', pipeline.name);
    await this.count(request);
    if (this.going >= this.maxRuns) throw tooMany('runs', this.maxRuns);
    const { executionId: id, session } = body;
    if (id !== undefined) checkId(id);
    const owner = principalOf(request)?.id;
    const run = this.runs.start(pipeline, body.input as never, {
      ...(id === undefined ? {} : { executionId: id }),
      ...(session === undefined ? {} : { session }),
      ...(owner === undefined ? {} : { owner }),
    });
    this.note(run);
    await run.begun;
    return [201, { executionId: run.executionId }];
  };

  private note({ result }: Run<unknown>): void {
    this.going++;
    const over = (): void => void this.going--;
    result.then(over, over);
  }

  private readonly list: Handler = async (request) => {
    const query = readListQuery(urlOf(request));
    const { access, streams } = this.options;
    if (access === undefined) return [200, await this.runs.list(query)];
    await this.check(request, 'list', '');
    const seen = await access.visible(principalOf(request), await streams.list(runStreams));
    const names = new Set(seen.map(({ streamId }) => streamId));
    return [200, await this.runs.list({ ...query, only: ({ streamId }) => names.has(streamId) })];
  };

  private async check(request: IncomingMessage, action: Action, streamId: string): Promise<void> {
    await checkRequest(this.options.access, request, action, streamId);
  }

  /** What is written by a request is a chunk. */
  private async count(request: IncomingMessage): Promise<void> {
    const { quotas, refusals } = this.options;
    const key = budgetKey(principalOf(request), request.socket.remoteAddress);
    const retryAfterMs = await quotas?.spend(key, 'chunks', 1);
    if (retryAfterMs === undefined) return;
    refusals?.count('rate');
    throw new StreamError('rate-limited', 'these credentials write as much as they may', { retryAfterMs });
  }

  private whoIs(request: IncomingMessage): string | undefined {
    return this.options.who?.(request) ?? principalOf(request)?.id;
  }

  private readonly info: Handler = async (request, _response, id) => {
    await this.check(request, 'read', eventsOf(id));
    const info = await this.runs.info(id);
    if (info === undefined) throw new StreamError('run-not-found', `there is no run "${id}"`);
    return [200, info];
  };

  private readonly cancel: Handler = async (request, _response, id) => {
    const { reason } = await readJsonBody(request, cancelling, this.maxBodyBytes);
    await this.check(request, 'cancel', eventsOf(id));
    await this.runs.cancel(id, reason, this.whoIs(request));
    return [202, { executionId: id }];
  };

  private readonly input: Handler = async (request, _response, id) => {
    const { name, value, step } = await readJsonBody(request, answering, this.maxBodyBytes);
    await this.check(request, 'answer', eventsOf(id));
    await this.count(request);
    const by = this.whoIs(request);
    await this.runs.answer(id, name, value, {
      ...(step === undefined ? {} : { step }),
      ...(by === undefined ? {} : { by }),
    });
    return [202, { executionId: id }];
  };

  private readonly stream: Handler = async (request, response, id) => {
    const query = readRunQuery(urlOf(request), request.headers['last-event-id']?.toString());
    const life = await this.checkWatch(request, id);
    if (await this.watch.isSeen(id, query)) {
      // 204 tells an `EventSource` to stay away.
      response.writeHead(204).end();
      return undefined;
    }
    this.checkRoom();
    this.showing.add(response);
    await this.watched(() => this.watch.overResponse(id, { ...query, life }, response));
    this.showing.delete(response);
    return undefined;
  };

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const path = pathOf(request);
    if (!path.startsWith(socketPath)) return false;
    socket.on('error', () => {});
    void this.admit(request, socket, head, path.slice(socketPath.length));
    return true;
  }

  /** What is wrong is said before there is a WebSocket, so that it costs nothing. */
  private async admit(request: IncomingMessage, socket: Duplex, head: Buffer, segment: string): Promise<void> {
    try {
      if (!originAllowed(this.options.origins, request.headers)) throw foreign();
      const id = idOf(segment);
      const query = readRunQuery(urlOf(request), undefined);
      const life = await this.checkWatch(request, id);
      this.checkRoom();
      const { expiresAt } = principalOf(request) ?? {};
      if (expiresAt !== undefined) endAt(expiresAt, socket);
      this.sockets.handleUpgrade(request, socket, head, (accepted) => {
        void this.watched(() => this.watch.overSocket(id, { ...query, life }, accepted));
      });
    } catch (error) {
      const refusal = refusalOf(error);
      countStatus(this.options.refusals, refusal.status);
      refuseUpgrade(socket, refusal);
    }
  }

  /** Whether somebody may watch a run. Answers which of all that ever had its name: he is shown no other. */
  private async checkWatch(request: IncomingMessage, id: string): Promise<string> {
    const { access, streams } = this.options;
    const info = await streams.info(eventsOf(id));
    await access?.check(principalOf(request), 'read', eventsOf(id), info);
    if (info !== undefined) return info.life;
    throw new StreamError('run-not-found', `there is no run "${id}"`);
  }

  private checkRoom(): void {
    if (this.watching >= this.maxWatching) throw tooMany('connections that watch runs', this.maxWatching);
  }

  private async watched(work: () => Promise<void>): Promise<void> {
    this.watching++;
    try {
      await work();
    } finally {
      this.watching--;
    }
  }

  dispose(): void {
    this.heir.dispose();
    // Only an end that is missing tells that there is more to come.
    for (const response of this.showing) response.destroy();
    const { scheduler = asyncScheduler } = this.options;
    for (const socket of this.sockets.clients) {
      socket.close(closeCodes['going-away'], 'the server goes away');
      // `ws` gives a peer that does not answer 30 s.
      const ending = scheduler.schedule(() => socket.terminate(), farewellMs);
      socket.once('close', () => ending.unsubscribe());
    }
    this.sockets.close();
  }
}

function urlOf({ url = '/' }: IncomingMessage): URL {
  const at = url.indexOf('?');
  return new URL(at < 0 ? '' : url.slice(at), 'http://localhost/');
}

/** An id as a path has it. */
function idOf(segment: string): string {
  try {
    return checkId(decodeURIComponent(segment));
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw invalidId('must be percent-encoded UTF-8');
  }
}

function checkId(id: string): string {
  try {
    return checkExecutionId(id);
  } catch (error) {
    throw invalidId((error as Error).message);
  }
}

function invalidId(why: string): RequestError {
  return new RequestError(400, 'name-invalid', `executionId: ${why}`, 'executionId');
}

function allowOrigin(origins: Origins | undefined, request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('vary', 'origin');
  response.setHeader('x-content-type-options', 'nosniff');
  const { origin } = request.headers;
  if (origin === undefined) return;
  if (!originAllowed(origins, request.headers)) throw foreign();
  response.setHeader('access-control-allow-origin', origin);
}

function preflight(response: ServerResponse, methods: readonly string[]): void {
  response.setHeader('access-control-allow-methods', methods.join(', '));
  response.setHeader('access-control-allow-headers', 'authorization, content-type, last-event-id');
  response.writeHead(204).end();
}
