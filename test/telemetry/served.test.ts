import { firstValueFrom, NEVER, startWith } from 'rxjs';
import { createChunk } from 'sluice/chunk';
import type { Authenticate } from 'sluice/auth/auth';
import { createClient } from 'sluice/client';
import type { Log } from 'sluice/log';
import { createMemoryLog } from 'sluice/log/memory';
import { serve, type ServeOptions, type Server } from 'sluice/node';
import { subprotocol } from 'sluice/protocol';
import { pipeline } from 'sluice/run';
import { publishTo } from 'sluice/streams';
import { createTelemetry, type Metric, metrics, prometheusName } from 'sluice/telemetry';
import { openTelemetry, traced } from 'sluice/telemetry/open-telemetry';
import { createWebSocketTransport } from 'sluice/transport/websocket/client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { spanKeeper } from './span-keeper.js';

const running: Server[] = [];
const sockets: WebSocket[] = [];

async function start(options: ServeOptions = {}): Promise<Server> {
  const server = await serve({ port: 0, telemetry: createTelemetry({ refreshMs: 0 }), ...options });
  running.push(server);
  return server;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  for (const server of running.splice(0)) await server.close();
});

/** What `/metrics` shows of a metric, all its values added up; of a distribution, how many. */
async function shown({ url }: Server, metric: Metric, labels = ''): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const name = prometheusName(metric) + (metric.kind === 'histogram' ? '_count' : '');
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.filter((line) => line.includes(labels)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Waits until `/metrics` shows that something has moved. */
async function moved(server: Server, metric: Metric, to = 1, labels = ''): Promise<void> {
  await expect.poll(async () => await shown(server, metric, labels)).toBeGreaterThanOrEqual(to);
}

const chunk = (data: string) => createChunk({ streamId: 'any', seq: 0, data });

async function connect({ url }: Server): Promise<{ say(frame: object): void; readonly closed: Promise<number> }> {
  const socket = new WebSocket(url.replace('http', 'ws'), subprotocol);
  sockets.push(socket);
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise((resolve) => socket.on('open', resolve));
  return { say: (frame) => socket.send(JSON.stringify(frame)), closed };
}

describe('/metrics of a server', () => {
  it('moves when something is published and delivered', async () => {
    const server = await start();
    await server.streams.publish('s', [chunk('ahoy')]);
    const { say } = await connect(server);
    say({ t: 'subscribe', stream: 's', from: 'beginning', chunks: 10, bytes: 1000 });
    await moved(server, metrics.deliveredChunks);
    await server.streams.publish('s', [chunk('a whale')]);
    await moved(server, metrics.deliveryAge);
    await moved(server, metrics.deliveredChunks, 2);
    expect(await shown(server, metrics.appendChunks)).toBeGreaterThanOrEqual(2);
    expect(await shown(server, metrics.appendIo)).toBeGreaterThanOrEqual(11);
    expect(await shown(server, metrics.deliveredIo)).toBe(11);
    expect(await shown(server, metrics.connections)).toBe(1);
    expect(await shown(server, metrics.connectionsOpened, 'transport="websocket"')).toBe(1);
    expect(await shown(server, metrics.subscriptions)).toBe(1);
    expect(await shown(server, metrics.logUp)).toBe(1);
    // The bookkeeping of other doors is kept in streams, too.
    expect(await shown(server, metrics.streamsActive)).toBeGreaterThanOrEqual(1);
  });

  it('tells how long streams and appends take, how much goes on, and how full it is', async () => {
    let keep!: () => void;
    const kept = new Promise<void>((resolve) => (keep = resolve));
    const log = createMemoryLog();
    const slow: Log = Object.assign(Object.create(log) as Log, {
      append: async (...given: Parameters<Log['append']>) => {
        if (given[0] === 'slow') await kept;
        return log.append(...given);
      },
    });
    const server = await start({ log: slow });
    const [active, created] = [await shown(server, metrics.streamsActive), await shown(server, metrics.createDuration)];
    await server.streams.create('s');
    expect(await shown(server, metrics.streamsActive)).toBe(active + 1);
    expect(await shown(server, metrics.createDuration)).toBe(created + 1);
    const producer = { id: 'p', epoch: 0, seq: 0 };
    const appends = await shown(server, metrics.appendDuration);
    for (let i = 0; i < 2; i++) await server.streams.publish('s', [chunk('a')], { producer });
    expect(await shown(server, metrics.appendDuplicates)).toBe(1);
    // What was kept before is kept in no time.
    expect(await shown(server, metrics.appendDuration)).toBe(appends + 1);
    const client = createClient({ transport: createWebSocketTransport({ url: server.url, WebSocket }) });
    const waiting = client.publish('slow', [chunk('waits')]);
    await expect.poll(async () => await shown(server, metrics.pendingUtilization)).toBeGreaterThan(0);
    keep();
    await waiting;
    expect(await shown(server, metrics.pendingUtilization)).toBe(0);
    client.close();
    expect(await shown(server, metrics.memory)).toBeGreaterThan(1e6);
    expect(await shown(server, metrics.heapUsed)).toBeGreaterThan(1e6);
  });

  it('tells what readers may still be sent, who gave no more, and how far each stream is behind', async () => {
    const server = await start({ telemetry: createTelemetry({ refreshMs: 0, streamLabels: 10 }) });
    for (const name of ['s', 'other']) await server.streams.publish(name, [chunk('a'), chunk('b'), chunk('c')]);
    const { say } = await connect(server);
    say({ t: 'subscribe', stream: 's', from: 'beginning', chunks: 1, bytes: 1000 });
    say({ t: 'subscribe', stream: 'other', from: 'beginning', chunks: 10, bytes: 1000 });
    await moved(server, metrics.deliveredChunks, 4);
    expect(await shown(server, metrics.credit)).toBe(7);
    expect(await shown(server, metrics.readersWithoutCredit)).toBe(1);
    expect(await shown(server, metrics.streamLag, 'stream="s"')).toBe(2);
    expect(await shown(server, metrics.lagMax)).toBe(2);
    expect(await shown(server, metrics.lagSum)).toBe(2);
    say({ t: 'credit', ch: 0, chunks: 10, bytes: 1000 });
    await expect.poll(async () => await shown(server, metrics.lagMax)).toBe(0);
    expect(await shown(server, metrics.readersWithoutCredit)).toBe(0);
  });

  it('moves when chunks are gone that were asked for', async () => {
    const log = createMemoryLog();
    const server = await start({ log });
    await server.streams.publish('s', [chunk('a'), chunk('b'), chunk('c')]);
    log.trim('s', 2);
    const { say } = await connect(server);
    say({ t: 'subscribe', stream: 's', from: 0, chunks: 10, bytes: 1000 });
    await moved(server, metrics.missingChunks, 2);
    await firstValueFrom(server.streams.receive('s', { from: 0, onGap: 'skip' }));
    expect(await shown(server, metrics.readMissing)).toBe(2);
  });

  it('moves when chunks are asked for again', async () => {
    const server = await start();
    await server.streams.publish('s', [chunk('a'), chunk('b')]);
    const { say } = await connect(server);
    say({ t: 'subscribe', stream: 's', from: 'beginning', chunks: 10, bytes: 1000 });
    await moved(server, metrics.deliveredChunks, 2);
    say({ t: 'nack', ch: 0, ranges: [[0, 2]] });
    await moved(server, metrics.resentChunks, 2);
  });

  it('moves when a connection is refused, and when one is cut off for what it sends', async () => {
    const server = await start({ maxConnections: 1, limits: { maxBadFrames: 2 } });
    const { say, closed } = await connect(server);
    const refused = await connect(server);
    expect(await refused.closed).toBe(4429);
    await moved(server, metrics.connectionsRefused, 1, 'reason="limit-reached"');
    say({ t: 'subscribe', stream: 'nothing', from: 'now', chunks: 1, bytes: 1 });
    await moved(server, metrics.requestsRefused, 1, 'error_type="stream-not-found"');
    for (let i = 0; i < 2; i++) say({ t: 'nonsense' });
    expect(await closed).toBe(4429);
    await moved(server, metrics.connectionsClosed, 1, 'reason="limit-reached"');
    await moved(server, metrics.requestsRefused, 1, 'error_type="frame-unknown"');
  });

  it('moves when somebody is turned away, and is shown to those who may do everything', async () => {
    const authenticate: Authenticate = ({ header }) => {
      const [, id] = /^Bearer (\w+)$/.exec(header('authorization') ?? '') ?? [];
      return id === undefined ? undefined : { id, scopes: id === 'root' ? ['admin'] : ['read:**'] };
    };
    const server = await start({ authenticate });
    const as = (id: string) => ({ headers: { authorization: `Bearer ${id}` } });
    expect((await fetch(`${server.url}/metrics`)).status).toBe(401);
    expect((await fetch(`${server.url}/metrics`, as('ishmael'))).status).toBe(403);
    const text = await (await fetch(`${server.url}/metrics`, as('root'))).text();
    expect(text).toContain('sluice_refusals_total{reason="unauthenticated"} 1\n');
    expect(text).toContain('sluice_refusals_total{reason="forbidden"} 1\n');
    for (const path of ['healthz', 'readyz', 'openapi.json', 'asyncapi.json']) {
      expect((await fetch(`${server.url}/${path}`)).status).toBe(200);
    }
  });

  it('moves when an append fails', async () => {
    const log = createMemoryLog({ maxBytes: 1000 });
    const server = await start({ log });
    await expect(server.streams.publish('s', [chunk('x'.repeat(5000))])).rejects.toThrow();
    await moved(server, metrics.appendFailures);
  });

  it('moves when a producer dies and its stream is ended', async () => {
    const server = await start();
    const producer = { id: 'p', epoch: 0, seq: 0 };
    const dying = NEVER.pipe(
      startWith(chunk('a')),
      publishTo(server.streams, 's', { producer, leaseMs: 60_000, close: false }),
    ).subscribe();
    await moved(server, metrics.leasesHeld);
    dying.unsubscribe();
    // Its last word was that it lives, and not for long: another process of that name would have said so.
    const lease = { stream: 's', producer: 'p', epoch: 0, leaseMs: 20, state: 'held' };
    await server.streams.publish('sluice/leases', [createChunk({ streamId: 'any', seq: 0, data: lease })]);
    await moved(server, metrics.streamsEnded, 1, 'reason="producer-lost"');
  });

  it('moves when a run ends', async () => {
    const add = pipeline<number>('add').step('add', (n) => n + 1);
    const server = await start({ runs: { pipelines: [add] } });
    expect(await server.runs.start(add, 1).result).toBe(2);
    await moved(server, metrics.runsEnded, 1, 'status="completed"');
    expect(await shown(server, metrics.runDuration)).toBe(1);
    expect(await shown(server, metrics.stepAttempts, 'outcome="succeeded"')).toBe(1);
  });

  it('is not there when nothing is to be told', async () => {
    const server = await start({ telemetry: false });
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });
});

describe('lines of a server', () => {
  it('tell when it begins and ends, and never on the console', async () => {
    const lines: string[] = [];
    const keep = (_: unknown, message: string) => void lines.push(message);
    const consoles = (['log', 'info', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));
    const server = await start({ telemetry: createTelemetry({ logger: { info: keep, warn: keep, error: keep } }) });
    await server.close();
    expect(lines).toEqual(['listening', 'closing']);
    for (const spy of consoles) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });
});

describe('spans of a server', () => {
  it('lead from a client that writes to a client that reads, also by another gateway', async () => {
    const writing = spanKeeper();
    const [first, second] = [spanKeeper(), spanKeeper()];
    const log = createMemoryLog();
    // Two servers over one log, as over one Redis.
    const shared: Log = Object.assign(Object.create(log) as Log, { dispose: () => {} });
    const [one, two] = await Promise.all(
      [first, second].map(({ tracer }) =>
        start({ log: shared, telemetry: createTelemetry({ exporter: openTelemetry({ tracer }) }) }),
      ),
    );
    const clients = [one!, two!].map(({ url }) =>
      createClient({ transport: createWebSocketTransport({ url, WebSocket }) }),
    );
    await one!.streams.create('s');
    const read = clients.map((client) => firstValueFrom(client.receive('s', { from: 'beginning' })));
    await traced(clients[0]!, writing.tracer).publish('s', [chunk('ahoy')]);
    const [append] = writing.spans();
    for (const { metadata } of await Promise.all(read)) {
      expect(metadata).toEqual({ traceparent: `00-${append!.traceId}-${append!.spanId}-01` });
    }
    const told = (keeper: typeof first) => keeper.spans().map(({ name, parent }) => [name, parent]);
    await vi.waitFor(() => {
      expect(told(first)).toEqual([
        ['sluice.durable', append!.spanId],
        ['sluice.deliver', append!.spanId],
      ]);
      expect(told(second)).toEqual([['sluice.deliver', append!.spanId]]);
    }, 30_000);
    for (const client of clients) client.close();
  });
});
