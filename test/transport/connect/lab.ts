import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { create, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import { type Client, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import {
  type CallOptions,
  Client as GrpcClient,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { createGateway, type Gateway, type GatewayOptions } from '../../../src/gateway/index.js';
import { createMemoryLog } from '../../../src/log/memory.js';
import { createStreams } from '../../../src/streams/index.js';
import { connectHandler, type ConnectHandlerOptions } from '../../../src/transport/connect/server.js';
import {
  type Chunk,
  ChunkSchema,
  ChunkType,
  type PublishRequest,
  PublishRequestSchema,
  type PublishResponse,
  PublishResponseSchema,
  ReadRequestSchema,
  type ReadResponse,
  ReadResponseSchema,
  StreamService,
} from '../../../src/transport/connect/streams-pb.js';
import { encodedTexts } from '../../bodies.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A message of text, and the text of one. */
export const textChunk = (
  text: string,
  more: Partial<Pick<Chunk, 'data' | 'metadata' | 'timestamp' | 'final' | 'checksum'>> = {},
): Chunk => create(ChunkSchema, { type: ChunkType.TEXT, data: encoder.encode(text), ...more });
export const textOf = (chunks: readonly Chunk[]): string => chunks.map(({ data }) => decoder.decode(data)).join('');

/** A gateway that is called over HTTP/1.1 and HTTP/2, without TLS. */
export class Lab {
  readonly log = createMemoryLog();
  readonly gateway: Gateway;
  private readonly open: { close(): void }[] = [];

  private constructor(
    options: Partial<GatewayOptions>,
    private readonly http: Server,
    private readonly http2: Http2Server,
  ) {
    this.gateway = createGateway({ streams: createStreams({ log: this.log }), ...options });
  }

  static async start(handler: ConnectHandlerOptions = {}, options: Partial<GatewayOptions> = {}): Promise<Lab> {
    const [http, http2] = [createServer(), createHttp2Server()];
    const lab = new Lab(options, http, http2);
    const handle = connectHandler(lab.gateway, handler);
    for (const server of [http, http2]) {
      server.on('request', (request, response) => handle(request, response) || response.writeHead(404).end());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
    http2.on('session', (session) => lab.open.push({ close: () => session.destroy() }));
    return lab;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  get http2Url(): string {
    return `http://127.0.0.1:${(this.http2.address() as AddressInfo).port}`;
  }

  keep(streamId: string, ...texts: string[]): void {
    this.log.create(streamId);
    this.log.append(streamId, encodedTexts(...texts));
  }

  /** From now on nothing is answered that is to be kept. */
  hang(): void {
    (this.log as { append: unknown }).append = () => new Promise(() => {});
  }

  end(streamId: string): void {
    this.log.append(streamId, [], { close: { status: 'completed' } });
  }

  /** A client of Connect over HTTP/1.1. */
  connect(): Client<typeof StreamService> {
    return createClient(StreamService, createConnectTransport({ baseUrl: this.url, httpVersion: '1.1' }));
  }

  /** A client of Connect's that speaks gRPC. */
  connectGrpc(): Client<typeof StreamService> {
    return createClient(StreamService, createGrpcTransport({ baseUrl: this.http2Url }));
  }

  /** A client of gRPC that is not Connect's. */
  grpc(): Grpc {
    const client = new Grpc(this.http2Url.replace('http://', ''));
    this.open.push(client);
    return client;
  }

  async close(): Promise<void> {
    this.gateway.close();
    for (const one of this.open) one.close();
    this.http.closeAllConnections();
    for (const server of [this.http, this.http2]) await new Promise((resolve) => server.close(resolve));
  }
}

/** A client of `@grpc/grpc-js`. */
export class Grpc {
  private readonly client: GrpcClient;

  constructor(address: string) {
    this.client = new GrpcClient(address, credentials.createInsecure());
  }

  read(
    request: Parameters<typeof create<typeof ReadRequestSchema>>[1],
    options: CallOptions = {},
  ): ClientReadableStream<ReadResponse> {
    return this.client.makeServerStreamRequest(
      '/sluice.v1.StreamService/Read',
      serialize(ReadRequestSchema),
      deserialize(ReadResponseSchema),
      create(ReadRequestSchema, request),
      new Metadata(),
      options,
    );
  }

  async publish(
    request: Parameters<typeof create<typeof PublishRequestSchema>>[1],
    options: CallOptions = {},
  ): Promise<PublishResponse> {
    return await new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, answer?: PublishResponse): void => {
        if (error === null) resolve(answer!);
        else reject(error);
      };
      const [path, message] = ['/sluice.v1.StreamService/Publish', create(PublishRequestSchema, request)];
      this.client.makeUnaryRequest(
        path,
        serialize(PublishRequestSchema),
        deserialize(PublishResponseSchema),
        message,
        options,
        answered,
      );
    });
  }

  async publishAll(requests: readonly PublishRequest[]): Promise<PublishResponse> {
    return await new Promise((resolve, reject) => {
      const call = this.client.makeClientStreamRequest(
        '/sluice.v1.StreamService/PublishAll',
        serialize(PublishRequestSchema),
        deserialize(PublishResponseSchema),
        (error: ServiceError | null, answer?: PublishResponse) => (error === null ? resolve(answer!) : reject(error)),
      );
      for (const request of requests) call.write(request);
      call.end();
    });
  }

  close(): void {
    this.client.close();
  }
}

const serialize =
  <M extends Message>(schema: GenMessage<M>) =>
  (message: M): Buffer =>
    Buffer.from(toBinary(schema, message));
const deserialize =
  <M extends Message>(schema: GenMessage<M>) =>
  (bytes: Buffer): M =>
    // A plain one, as other clients hand on.
    fromBinary(schema, new Uint8Array(bytes));
