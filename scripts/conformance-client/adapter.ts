// Lets the client suite of Durable Streams drive `sluice/transport/http/client`: a command a line in, a result a line out.
import { createInterface } from 'node:readline';
import { type JsonValue, StreamError } from '../../src/chunk/index.js';
import {
  createHttpProducer,
  HttpError,
  type HttpItem,
  type HttpLive,
  type HttpOptions,
  type HttpProducer,
  type HttpRetryOptions,
  httpStream,
  pullHttp,
} from '../../src/transport/http/client.js';

/** A command of the suite; which fields it has depends on its type. */
interface Command {
  readonly type: string;
  readonly serverUrl: string;
  readonly path: string;
  readonly contentType?: string;
  readonly ttlSeconds?: number;
  readonly expiresAt?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly closed?: boolean;
  readonly data?: string;
  readonly binary?: boolean;
  readonly seq?: number;
  readonly items?: readonly string[];
  readonly producerId: string;
  readonly epoch: number;
  readonly autoClaim?: boolean;
  readonly maxInFlight?: number;
  readonly offset?: string;
  readonly live?: boolean | HttpLive;
  readonly timeoutMs?: number;
  readonly maxChunks?: number;
  readonly waitForUpToDate?: boolean;
  readonly name: string;
  readonly valueType?: 'counter' | 'timestamp' | 'token';
  readonly initialValue?: string;
  readonly target?: ValidateTarget;
}

type ValidateTarget =
  | ({ readonly target: 'retry-options' } & HttpRetryOptions)
  | {
      readonly target: 'idempotent-producer';
      readonly producerId?: string;
      readonly epoch?: number;
      readonly maxBatchBytes?: number;
      readonly maxBatchItems?: number;
    };

type Result = Readonly<Record<string, unknown>>;

/** Short waits: the suite injects faults on purpose, and gives a command 30 seconds. */
const retry: HttpRetryOptions = { maxRetries: 6, initialDelayMs: 100, maxDelayMs: 2000 };

const features = {
  batching: true,
  sse: true,
  longPoll: true,
  auto: true,
  streaming: true,
  dynamicHeaders: true,
  retryOptions: true,
  batchItems: true,
  strictZeroValidation: true,
};

let serverUrl = '';
const contentTypes = new Map<string, string>();
const producers = new Map<string, HttpProducer>();
const dynamicHeaders = new Map<string, () => string>();
const dynamicParams = new Map<string, () => string>();

/** What the last request was sent with and answered by, as `fetch` saw it. */
const seen = { status: 0, headers: {} as Record<string, string>, url: new URL('http://127.0.0.1') };

const commands: Readonly<Record<string, (command: Command) => Promise<Result> | Result>> = {
  init(command) {
    serverUrl = command.serverUrl;
    for (const state of [contentTypes, producers, dynamicHeaders, dynamicParams]) state.clear();
    return { clientName: 'sluice', clientVersion: '0.1.0', features };
  },

  async create(command) {
    const { path, contentType = 'application/octet-stream', ttlSeconds, expiresAt, closed = false, data } = command;
    contentTypes.set(path, contentType);
    const { created, offset } = await httpStream(optionsOf(command)).create({
      closed,
      ...(ttlSeconds === undefined ? {} : { ttlMs: ttlSeconds * 1000 }),
      ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
      ...(data === undefined ? {} : { items: itemsOf(path, data) }),
    });
    return { status: created ? 201 : 200, offset };
  },

  async connect(command) {
    const { contentType, offset } = await httpStream(optionsOf(command)).head();
    if (contentType !== undefined) contentTypes.set(command.path, contentType);
    return { status: 200, offset };
  },

  async append(command) {
    const { path, data = '', binary, seq } = command;
    const items = binary === true ? [Buffer.from(data, 'base64')] : itemsOf(path, data);
    const { offset } = await httpStream(optionsOf(command)).appendAll(
      items,
      seq === undefined ? {} : { seq: `${seq}` },
    );
    return { status: 200, offset, ...dynamicsSent() };
  },

  async read(command) {
    const reading = await read(command);
    return { ...reading, ...dynamicsSent() };
  },

  async head(command) {
    const { offset, contentType, closed, ttlMs, expiresAt } = await httpStream(optionsOf(command)).head();
    if (contentType !== undefined) contentTypes.set(command.path, contentType);
    return {
      status: 200,
      offset,
      contentType,
      streamClosed: closed,
      ttlSeconds: ttlMs === undefined ? undefined : ttlMs / 1000,
      expiresAt,
    };
  },

  async delete(command) {
    await httpStream(optionsOf(command)).delete();
    contentTypes.delete(command.path);
    return { status: 200 };
  },

  async close(command) {
    const { path, data } = command;
    const [item] = data === undefined ? [] : itemsOf(path, data);
    const { offset = '' } = await httpStream(optionsOf(command)).close(item);
    return { finalOffset: offset };
  },

  async 'idempotent-append'(command) {
    const producer = producerOf(command);
    const appended = producer.append(itemOf(command.path, command.data ?? ''));
    await producer.flush();
    const { offset, duplicate } = await appended;
    return { status: 200, offset, duplicate };
  },

  async 'idempotent-append-batch'(command) {
    const { path, items = [], producerId, epoch, autoClaim = false, maxInFlight = 1 } = command;
    const pipelined = maxInFlight > 1;
    const batching = pipelined ? { lingerMs: 0, maxBatchBytes: 1 } : { lingerMs: 1000 };
    const options = { ...optionsOf(command), producerId, epoch, autoClaim, maxInFlight, ...batching };
    const producer = createHttpProducer(options);
    for (const item of items) void producer.append(itemOf(path, item));
    await producer.detach();
    return { status: 200 };
  },

  async 'idempotent-close'(command) {
    const { path, data } = command;
    const { offset } = await producerOf(command).close(data === undefined ? undefined : itemOf(path, data));
    return { status: 200, finalOffset: offset };
  },

  async 'idempotent-detach'(command) {
    await producerOf(command).detach();
    producers.delete(keyOf(command));
    return { status: 200 };
  },

  'set-dynamic-header'(command) {
    dynamicHeaders.set(command.name, dynamic(command));
    return {};
  },

  'set-dynamic-param'(command) {
    dynamicParams.set(command.name, dynamic(command));
    return {};
  },

  'clear-dynamic'() {
    dynamicHeaders.clear();
    dynamicParams.clear();
    return {};
  },

  validate({ target }) {
    if (target?.target === 'retry-options') {
      const { target: _, ...options } = target;
      httpStream({ url: serverUrl, retry: options });
    } else {
      const { target: _, ...options } = target!;
      createHttpProducer({ url: serverUrl, producerId: 'validated', ...options });
    }
    return {};
  },

  shutdown: () => ({}),
};

async function read(command: Command): Promise<Result> {
  const { live = false, offset = '-1', timeoutMs = 5000, maxChunks = 100, waitForUpToDate } = command;
  const chunks: { data: string; offset: string }[] = [];
  const place = { offset, upToDate: false, streamClosed: false };
  const signal = AbortSignal.timeout(live === false ? 30_000 : timeoutMs);
  try {
    for await (const batch of pullHttp({
      ...optionsOf(command),
      offset,
      live: live === true ? 'auto' : live,
      signal,
    })) {
      if (batch.items.length > 0) chunks.push({ data: textOf(batch.items), offset: batch.offset });
      Object.assign(place, { offset: batch.offset, upToDate: batch.upToDate, streamClosed: batch.closed });
      if (live !== false && (chunks.length >= maxChunks || (waitForUpToDate === true && batch.upToDate))) break;
    }
  } catch (error) {
    // A reading that waits is ended by its time.
    if (!signal.aborted || live === false) throw error;
    place.upToDate = true;
  }
  return { status: seen.status, chunks, ...place };
}

function textOf(items: readonly (JsonValue | Uint8Array)[]): string {
  const [first] = items;
  if (first instanceof Uint8Array) return new TextDecoder().decode(first);
  return contentTypes.get(seen.url.pathname)?.includes('json') === true ? JSON.stringify(items) : `${first}`;
}

function optionsOf({ path, headers }: Command): HttpOptions & { readonly contentType: string } {
  return {
    url: `${serverUrl}${path}`,
    contentType: contentTypes.get(path) ?? 'application/octet-stream',
    headers: () => ({ ...valuesOf(dynamicHeaders), ...headers }),
    params: () => valuesOf(dynamicParams),
    retry,
    fetch: async (url, init) => {
      seen.headers = init.headers;
      seen.url = new URL(url);
      const response = await fetch(url, init as RequestInit);
      seen.status = response.status;
      return response;
    },
  };
}

function producerOf(command: Command): HttpProducer {
  const { producerId, epoch, autoClaim = false } = command;
  const known = producers.get(keyOf(command));
  if (known !== undefined) return known;
  const producer = createHttpProducer({
    ...optionsOf(command),
    producerId,
    epoch,
    autoClaim,
    maxInFlight: 1,
    lingerMs: 0,
  });
  producers.set(keyOf(command), producer);
  return producer;
}

function keyOf({ path, producerId, epoch }: Command): string {
  return `${path}|${producerId}|${epoch}`;
}

/** One item for each message: the suite writes JSON as text, and a list for several. */
function itemsOf(path: string, data: string): readonly HttpItem[] {
  const item = itemOf(path, data);
  return Array.isArray(item) ? item : [item];
}

function itemOf(path: string, data: string): HttpItem {
  return contentTypes.get(path)?.includes('json') === true ? (JSON.parse(data) as JsonValue) : data;
}

function dynamic({ valueType, initialValue = '' }: Command): () => string {
  let count = 0;
  if (valueType === 'counter') return () => `${++count}`;
  return valueType === 'timestamp' ? () => `${Date.now()}` : () => initialValue;
}

function valuesOf(values: ReadonlyMap<string, () => string>): Record<string, string> {
  return Object.fromEntries(Array.from(values, ([name, value]) => [name, value()]));
}

/** What a request was really sent with, of what changes from one to the next. */
function dynamicsSent(): Result {
  const headersSent = Array.from(dynamicHeaders.keys(), (name) => [name, seen.headers[name.toLowerCase()]]);
  const paramsSent = Array.from(dynamicParams.keys(), (name) => [name, seen.url.searchParams.get(name)]);
  return { headersSent: Object.fromEntries(headersSent), paramsSent: Object.fromEntries(paramsSent) };
}

function failure(commandType: string, error: unknown): Result {
  const { status, errorCode } = reasonOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'error', success: false, commandType, status, errorCode, message };
}

const errorCodes: Readonly<Record<string, string>> = {
  'stream-not-found': 'NOT_FOUND',
  'stream-exists': 'CONFLICT',
  'stream-closed': 'STREAM_CLOSED',
  'sequence-gap': 'SEQUENCE_CONFLICT',
};

function reasonOf(error: unknown): { status: number | undefined; errorCode: string } {
  const status = error instanceof HttpError ? error.status : undefined;
  if (error instanceof TypeError || error instanceof RangeError) return { status, errorCode: 'INVALID_ARGUMENT' };
  if (!(error instanceof StreamError)) return { status, errorCode: 'INTERNAL_ERROR' };
  const known = errorCodes[error.code];
  if (known !== undefined) return { status, errorCode: known };
  if (error.code === 'data-malformed') return { status, errorCode: malformed(status, error.details.field) };
  return { status, errorCode: status === undefined ? 'NETWORK_ERROR' : 'UNEXPECTED_STATUS' };
}

function malformed(status: number | undefined, field: string | undefined): string {
  if (status === undefined) return 'PARSE_ERROR';
  if (status === 409) return 'CONFLICT';
  return field === 'offset' ? 'INVALID_OFFSET' : 'UNEXPECTED_STATUS';
}

async function answer(command: Command): Promise<Result> {
  const { type } = command;
  try {
    const run = commands[type];
    if (run !== undefined) return { type, success: true, ...(await run(command)) };
    return {
      type: 'error',
      success: false,
      commandType: type,
      errorCode: 'NOT_SUPPORTED',
      message: `no command ${type}`,
    };
  } catch (error) {
    return failure(type, error);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === '') continue;
  const command = JSON.parse(line) as Command;
  process.stdout.write(`${JSON.stringify(await answer(command))}\n`);
  if (command.type === 'shutdown') break;
}
process.exit(0);
