import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createChunk, StreamError } from '../../src/chunk/index.js';
import { type Client, createClient } from '../../src/client/index.js';
import type { Log } from '../../src/log/log.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { serve, type Server, type ServeOptions } from '../../src/node/index.js';
import { createWebSocketTransport } from '../../src/transport/websocket/client.js';
import { approval } from './run-stage.js';
import { gone } from '../servers/gone.js';
import { until } from '../servers/until.js';

const servers: Server[] = [];
const clients: Client[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const server of servers.splice(0)) await server.close();
});

/** A log that outlives the servers over it. */
function sharedLog(more: Partial<Log> = {}): Log {
  const log: Log = createMemoryLog();
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'dispose') return () => {};
      const own = more[name as keyof Log] ?? target[name as keyof Log];
      return typeof own === 'function' ? (own as () => unknown).bind(target) : own;
    },
  });
}

async function start(options: ServeOptions): Promise<Server> {
  const server = await serve({ port: 0, ...options });
  servers.push(server);
  return server;
}

function clientOf(...urls: string[]): Client {
  const transport = createWebSocketTransport({ url: urls, WebSocket, random: () => 0 });
  const client = createClient({ transport, backoff: { minMs: 5, maxMs: 20 }, retryMs: 200 });
  clients.push(client);
  return client;
}

const chunk = (data: string) => createChunk({ streamId: 'any', seq: 0, data });

/** Asks, and answers with what came; the connection is kept if the server wants it so. */
async function ask(url: string, agent: Agent): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
  return response;
}

describe('a server that is drained', () => {
  it('sends readers and writers to another over the same log, and they go on where they were', async () => {
    const log = sharedLog();
    const [first, second] = [await start({ log }), await start({ log })];
    const client = clientOf(first.url, second.url);
    await client.publish('s', [chunk('a')]);
    const read: string[] = [];
    const reading = client.read('s');
    read.push((await reading.next()).value?.data as string);
    expect(first.gateway.connections()).toHaveLength(1);
    const drained = first.drain({ retryMs: 1 });
    const written = client.publish('s', [chunk('b')], { close: { status: 'completed' } });
    for await (const { data } of reading) read.push(data as string);
    expect(await written).toEqual({ next: 2 });
    await drained;
    expect(read).toEqual(['a', 'b']);
    expect(second.gateway.connections()).toHaveLength(1);
    await expect(fetch(first.url)).rejects.toThrow();
  });

  it('ends events with the time to come back, answers long-polls, and keeps no connection', async () => {
    const server = await start({ log: sharedLog(), eventStream: { random: () => 0.5 } });
    let asked = 0;
    server.http.on('request', () => asked++);
    const agent = new Agent({ keepAlive: true });
    const type = { 'content-type': 'text/plain' };
    await fetch(`${server.url}/v1/stream/s`, { method: 'PUT', headers: type, body: 'a' });
    const events = await ask(`${server.url}/streams/s`, agent);
    const durable = await ask(`${server.url}/v1/stream/s?offset=-1&live=sse`, agent);
    const offset = (await fetch(`${server.url}/v1/stream/s`)).headers.get('stream-next-offset')!;
    const poll = ask(`${server.url}/v1/stream/s?offset=${offset}&live=long-poll`, agent);
    await until('the long-poll has come', () => asked === 5);
    const drained = server.drain({ retryMs: 3000 });
    expect(await text(events)).toMatch(/retry: 1500\n\n$/);
    expect(await text(durable)).toContain('event: control');
    const answer = await poll;
    expect(answer.headers.connection).toBe('close');
    expect([204, 503]).toContain(answer.statusCode);
    await drained;
    agent.destroy();
  });

  it('puts out who does not take what he is sent, when his time is over', async () => {
    const server = await start({ log: sharedLog() });
    await server.streams.create('s');
    const stopped = connect(server.port, '127.0.0.1');
    stopped.pause();
    const handshake = ['GET / HTTP/1.1', 'Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket'];
    const version = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='];
    stopped.write([...handshake, ...version, 'Sec-WebSocket-Protocol: sluice.v1', '', ''].join('\r\n'));
    await until('he is there', () => server.gateway.connections().length === 1);
    stopped.write(masked(JSON.stringify({ t: 'subscribe', stream: 's', from: 0, chunks: 1e6, bytes: 1e9 })));
    const over = gone(stopped);
    for (let i = 0; i < 100; i++) await server.streams.append('s', [encoded]);
    await server.drain({ withinMs: 300 });
    stopped.resume();
    await over;
  });

  it('is left by those who come over HTTP/1.1 and ask for nothing at once', async () => {
    const server = await start({ log: sharedLog() });
    const agent = new Agent({ keepAlive: true });
    const response = await ask(`${server.url}/streams`, agent);
    await text(response);
    await server.drain({ withinMs: 60_000 });
    agent.destroy();
  });

  it('does not wait for those who have connected in advance, and ask for nothing', async () => {
    const server = await start({});
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    // The server knows the connection once it has answered one that came later.
    await (await fetch(`${server.url}/healthz`)).text();
    const over = gone(socket);
    // Longer than any test may take.
    await server.drain({ withinMs: 1_000_000 });
    await over;
  });

  it('hands its runs over to another at once, drained or closed', async () => {
    const log = sharedLog();
    const runs = { pipelines: [approval] };
    const [first, second, third] = await Promise.all([0, 1, 2].map(async () => await start({ log, runs })));
    const { executionId, begun, result } = first!.runs.start(approval, 'please');
    await begun;
    const told: string[] = [];
    third!.runs.events(executionId).subscribe(({ event_type: type }) => void told.push(type));
    const asked = () => told.filter((type) => type === 'step_waiting').length;
    await until('the first asks', () => asked() === 1);
    await first!.drain({ withinMs: 1_000_000 });
    await until('another asks', () => asked() === 2);
    await expect(result).rejects.toMatchObject({ code: 'run-left' });
    await expect(first!.runs.start(approval, 'more').begun).rejects.toMatchObject({ code: 'run-left' });
    // Whoever has it by now.
    await second!.close();
    await third!.runs.answer(executionId, 'yes', 'well then');
    await until('it has ended', () => told.at(-1) === 'pipeline_complete');
    expect(await third!.runs.info(executionId)).toMatchObject({ output: 'well then' });
  });

  it('does not wait for those who watch runs, nor lets them take it for the end', async () => {
    const server = await start({ log: sharedLog(), runs: { pipelines: [approval] } });
    const { executionId, begun } = server.runs.start(approval, 'please');
    await begun;
    const response = await fetch(`${server.url}/stream/pipeline/${executionId}`);
    const reader = response.body!.getReader();
    await reader.read();
    await server.drain({ withinMs: 1_000_000 });
    const rest = async () => {
      while (!(await reader.read()).done);
    };
    await expect(rest()).rejects.toThrow('terminated');
  });

  it('refuses a time that is none', async () => {
    const server = await start({});
    await expect(server.drain({ withinMs: 0 })).rejects.toThrow('withinMs');
  });
});

describe('a server whose log is out of reach', () => {
  it('sends everybody elsewhere, and takes them in again when it is back', async () => {
    let away = false;
    const info = (): undefined => {
      if (away) throw new StreamError('log-unavailable', 'nobody answers');
    };
    const server = await start({ log: sharedLog({ info }), logPatienceMs: 100 });
    const client = clientOf(server.url);
    const states: string[] = [];
    client.state.subscribe((state) => void states.push(state));
    await client.publish('s', [chunk('a')]);
    away = true;
    await until('it is suspended', () => server.gateway.state === 'suspended');
    expect((await fetch(`${server.url}/streams`)).status).toBe(503);
    const late = client.publish('s', [chunk('b')]);
    away = false;
    expect(await late).toEqual({ next: 2 });
    expect(states).toContain('waiting');
    expect(server.gateway.state).toBe('open');
  });

  it('refuses a patience that is none before it listens', async () => {
    await expect(serve({ port: 0, logPatienceMs: 0 })).rejects.toThrow('logPatienceMs');
  });
});

const encoded = (() => {
  const head = JSON.stringify({ type: 'text', data: 'x'.repeat(100_000), size: 100_000, timestamp: 0 });
  return { head, bytes: undefined, size: 100_000, length: head.length };
})();

/** A text message as a client of WebSockets sends it, masked with nothing. */
function masked(message: string): Buffer {
  const { length } = message;
  return Buffer.concat([Buffer.from([0x81, 0x80 | 126, length >> 8, length & 255, 0, 0, 0, 0]), Buffer.from(message)]);
}
