import { createHash, type Hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { createChunk } from '../../src/chunk/index.js';
import { type Client, createClient } from '../../src/client/index.js';
import type { Random } from '../../src/testing/simulate/random.js';
import { createHttpProducer, httpStream, pullHttp } from '../../src/transport/http/client.js';
import { createSseTransport } from '../../src/transport/sse/client.js';
import { createWebSocketTransport } from '../../src/transport/websocket/client.js';

const backoff = { minMs: 20, maxMs: 500 };
const retry = { initialDelayMs: 20, maxDelayMs: 500, maxRetries: Infinity };
const haste = { backoff, connectMs: 2000, pingMs: 2000, retryMs: 1000 };
/** Writes that one producer has under way. */
const window = 16;

/** What one end of a stream has seen of it. */
class Seen {
  readonly hash: Hash = createHash('sha256');
  count = 0;
  ended = false;

  add(text: string): void {
    this.hash.update(text);
    this.count++;
  }
}

/** Readers and writers that know all gateways of a fleet, each stream with one writer and a reader of every kind. */
export class Traffic {
  private readonly clients: Client[] = [];
  private readonly streams = new Map<string, { readonly written: Seen; readonly readers: Map<string, Seen> }>();
  private readonly work: Promise<void>[] = [];
  private readonly findings: string[] = [];
  private stopping = false;

  constructor(
    private readonly urls: readonly string[],
    private readonly random: Random,
  ) {}

  /** Chunks written so far. */
  get written(): number {
    return [...this.streams.values()].reduce((sum, { written }) => sum + written.count, 0);
  }

  /** Begins to write a stream over WebSocket, or over HTTP, and to read it in every way. */
  async begin(streamId: string, way: 'websocket' | 'http'): Promise<void> {
    const written = new Seen();
    const write = way === 'http' ? await this.httpWriter(streamId) : this.socketWriter(streamId);
    this.streams.set(streamId, { written, readers: new Map() });
    const first = this.text(streamId, 0);
    written.add(first);
    await write(first, false);
    this.run(`the writer of ${streamId}`, async () => {
      const underWay = new Set<Promise<unknown>>();
      while (!this.stopping) {
        const text = this.text(streamId, written.count);
        written.add(text);
        const kept = write(text, false).finally(() => underWay.delete(kept));
        underWay.add(kept);
        if (underWay.size >= window) await Promise.race(underWay);
        await pause(this.random.int(1, 8));
      }
      await Promise.all(underWay);
      const text = this.text(streamId, written.count);
      written.add(text);
      await write(text, true);
      written.ended = true;
    });
    this.read(streamId, 'websocket', (seen) => this.receive(this.socketClient(), streamId, seen));
    this.read(streamId, 'sse', (seen) => this.receive(this.sseClient(), streamId, seen));
    this.read(streamId, 'http', async (seen) => {
      for await (const { items } of pullHttp({ url: this.addresses(streamId), as: 'text', live: 'long-poll', retry })) {
        for (const text of items) seen.add(text);
      }
    });
  }

  /** Ends all streams, waits until they are read, and tells what is wrong. */
  async end(patienceMs: number): Promise<readonly string[]> {
    this.stopping = true;
    const late = new AbortController();
    await Promise.race([Promise.all(this.work), pause(patienceMs, undefined, { signal: late.signal })]);
    late.abort();
    for (const client of this.clients) client.close();
    for (const [streamId, { written, readers }] of this.streams) {
      const whole = written.hash.digest('hex');
      if (!written.ended) this.findings.push(`${streamId} was not written to its end`);
      for (const [name, { hash, ended }] of readers) {
        if (!ended) this.findings.push(`the ${name} reader of ${streamId} did not come to its end`);
        else if (hash.digest('hex') !== whole) this.findings.push(`the ${name} reader of ${streamId} read otherwise`);
      }
    }
    return this.findings;
  }

  private text(streamId: string, n: number): string {
    return `${streamId} ${n} ${'x'.repeat(this.random.int(0, 60))};`;
  }

  private socketWriter(streamId: string): (text: string, last: boolean) => Promise<unknown> {
    const client = this.socketClient();
    return (data, last) => {
      const chunk = createChunk({ streamId, seq: 0, data });
      return client.publish(streamId, [chunk], last ? { close: { status: 'completed' } } : {});
    };
  }

  private async httpWriter(streamId: string): Promise<(text: string, last: boolean) => Promise<unknown>> {
    const options = { url: this.addresses(streamId), contentType: 'text/plain', retry };
    await httpStream(options).create();
    const producer = createHttpProducer({ ...options, producerId: 'writer', maxInFlight: 3 });
    return (text, last) => (last ? producer.close(text) : producer.append(text));
  }

  private read(streamId: string, name: string, work: (seen: Seen) => Promise<void>): void {
    const seen = new Seen();
    this.streams.get(streamId)!.readers.set(name, seen);
    this.run(`the ${name} reader of ${streamId}`, async () => {
      await work(seen);
      seen.ended = true;
    });
  }

  private async receive(client: Client, streamId: string, seen: Seen): Promise<void> {
    for await (const { data } of client.read(streamId)) seen.add(data as string);
  }

  private run(who: string, work: () => Promise<void>): void {
    this.work.push(
      work().catch((error: unknown) => {
        if (!this.isOver(error)) this.findings.push(`${who} failed: ${String(error)}`);
      }),
    );
  }

  /** Whether it failed only because everything was closed in the end. */
  private isOver(error: unknown): boolean {
    return this.stopping && (error as { code?: string }).code === 'client-closed';
  }

  private addresses(streamId: string): string[] {
    return this.urls.map((url) => `${url}/v1/stream/${streamId}`);
  }

  private socketClient(): Client {
    const transport = createWebSocketTransport({ url: this.urls, WebSocket, random: this.random.next });
    return this.client(transport);
  }

  private sseClient(): Client {
    return this.client(createSseTransport({ url: this.urls, random: this.random.next }));
  }

  private client(transport: Parameters<typeof createClient>[0]['transport']): Client {
    const client = createClient({ transport, ...haste });
    this.clients.push(client);
    return client;
  }
}
