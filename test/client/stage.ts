import { type Client, type ClientOptions, createClient, type ReadClient } from '../../src/client/index.js';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway/index.js';
import { createMemoryLog, type MemoryLogOptions } from '../../src/log/memory.js';
import { createStreams } from '../../src/streams/index.js';
import { createMemoryTransport, type MemoryTransportOptions } from '../../src/transport/memory.js';
import type { LinkAcceptor } from '../../src/transport/transport.js';
import { encodedTexts } from '../bodies.js';
import { VirtualTime } from '../virtual-time.js';

/** Options of {@link ClientStage}. */
export interface ClientStageOptions {
  readonly client?: Partial<ClientOptions>;
  readonly transport?: MemoryTransportOptions;
  readonly gateway?: Partial<GatewayOptions>;
  readonly log?: MemoryLogOptions;
}

/** A client, a server and the link between them, in virtual time. */
export class ClientStage {
  readonly time = new VirtualTime();
  readonly log;
  readonly streams;
  readonly transport;
  readonly client: Client;
  /** The server at the moment; without one every link is refused. */
  gateway: Gateway | undefined;
  private clients = 0;

  constructor(private readonly options: ClientStageOptions = {}) {
    const { time } = this;
    this.log = createMemoryLog({ now: () => time.now(), ...options.log });
    this.streams = createStreams({ log: this.log, scheduler: time, rollup: { scheduler: time } });
    this.serve();
    const acceptor: LinkAcceptor = {
      accept: (link, peer) => {
        if (this.gateway !== undefined) return this.gateway.accept(link, peer);
        link.close(1001, 'down');
        return { frames: () => {}, drained: () => {}, closed: () => {} };
      },
    };
    this.transport = createMemoryTransport(acceptor, { scheduler: time, ...options.transport });
    this.client = this.another();
  }

  /** Begins to serve. */
  serve(): void {
    const { time, streams } = this;
    this.gateway = createGateway({ streams, scheduler: time, defer: time.defer, ...this.options.gateway });
  }

  /** Stops serving; what is kept stays. */
  stop(): void {
    this.gateway?.close();
    this.gateway = undefined;
  }

  /** Makes a client of the same server. */
  another(options: Partial<ClientOptions> = {}): Client {
    const { time, transport } = this;
    const producer = `client ${this.clients++}`;
    const backoff = { minMs: 10, maxMs: 1000, random: () => 0.5 };
    const common = { transport, scheduler: time, defer: time.defer, producer, backoff, gapMs: 20, retryMs: 100 };
    return createClient({ ...common, pingMs: 200, ...this.options.client, ...options });
  }

  /** Appends to a stream at the server, and makes it if need be. */
  keep(streamId: string, ...datas: string[]): void {
    this.log.create(streamId);
    this.log.append(streamId, encodedTexts(...datas));
  }

  /** Ends a stream at the server. */
  end(streamId: string): void {
    this.log.append(streamId, [], { close: { status: 'completed' } });
  }

  /** Reads a stream into a list: its chunks' data, then how it ended. */
  collect(streamId: string, options: Parameters<Client['receive']>[1] = {}, client: ReadClient = this.client) {
    const got: string[] = [];
    const subscription = client.receive(streamId, options).subscribe({
      next: ({ data }) => void got.push(String(data)),
      error: (error: Error & { code?: string }) => void got.push(`failed ${error.code ?? error.message}`),
      complete: () => void got.push('completed'),
    });
    return { got, subscription };
  }

  /** What the server's connections read, with the next number of each. */
  reading(): string[] {
    return this.gateway!.connections().flatMap(({ reading }) =>
      reading.map(({ streamId, next }) => `${streamId} ${next}`),
    );
  }
}
