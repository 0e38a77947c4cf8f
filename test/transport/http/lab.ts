import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import {
  type HttpBatch,
  type HttpReadOptions,
  type HttpRetryOptions,
  pullHttp,
} from '../../../src/transport/http/client.js';

/** A request as it came. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers one request; `count` tells how many came before it. */
export type Answer = (response: ServerResponse, asked: Asked, count: number) => void;

/** Retries that wait for next to nothing. */
export const hasty: HttpRetryOptions = { initialDelayMs: 1, maxDelayMs: 2, random: () => 0 };

/** An HTTP server on a free port of the loopback that answers as a test says: right, wrong, or half. */
export class Lab {
  readonly asked: Asked[] = [];
  /** Requests whose connection was closed before they were answered whole. */
  cut = 0;

  private constructor(
    private readonly http: Server,
    readonly url: string,
  ) {}

  static async start(answer: Answer): Promise<Lab> {
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const lab = new Lab(http, `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1/stream/s`);
    http.on('request', (request, response) => void lab.take(request, response, answer));
    return lab;
  }

  private async take(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
    response.on('close', () => {
      if (!response.writableFinished) this.cut++;
    });
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    const { pathname, searchParams } = new URL(request.url!, 'http://127.0.0.1');
    const asked = { method: request.method!, path: pathname, query: searchParams, headers: request.headers, body };
    this.asked.push(asked);
    answer(response, asked, this.asked.length - 1);
  }

  async close(): Promise<void> {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }
}

/** Reads in a lab of its own for each test. */
export class ReadingLab {
  private current: Lab | undefined;

  constructor() {
    afterEach(async () => {
      await this.current?.close();
      this.current = undefined;
    });
  }

  /** The last one. */
  get lab(): Lab {
    return this.current!;
  }

  async start(answer: Answer): Promise<Lab> {
    return (this.current = await Lab.start(answer));
  }

  /** Reads to the end what a server answers. */
  async read(answer: Answer, options: Partial<HttpReadOptions> = {}): Promise<HttpBatch<unknown>[]> {
    const { url } = await this.start(answer);
    return all(pullHttp({ url, retry: hasty, ...options }));
  }

  /** The queries that were asked. */
  asked(): string[] {
    return this.lab.asked.map(({ query }) => `${query}`);
  }
}

/** Headers of an answer that ends at `offset`. */
export function placed(offset: string, others: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { 'content-type': 'text/plain', 'stream-next-offset': offset, ...others };
}

export const upToDate = { 'stream-up-to-date': 'true' };
export const closed = { 'stream-closed': 'true' };

/** A server-sent event. */
export function event(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}

/** The event that says where the events before it end. */
export function control(streamNextOffset: string, others: object = {}): string {
  return event('control', JSON.stringify({ streamNextOffset, ...others }));
}

/** Answers one request after the other; the last answers all that are left. */
export function inTurn(...answers: ((response: ServerResponse) => void)[]): Answer {
  return (response, _, count) => answers[Math.min(count, answers.length - 1)]!(response);
}

/** An answer that ends at `offset`. */
export const plain =
  (offset: string, body: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(200, placed(offset, headers)).end(body);
/** An answer that brings nothing. */
export const nothing =
  (offset: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(204, { 'stream-next-offset': offset, ...upToDate, ...headers }).end();
/** Server-sent events, and their end. */
export const events =
  (...texts: string[]) =>
  (response: ServerResponse): void =>
    void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(texts.join(''));
/** An answer that is cut behind `text`. */
export const cutAfter =
  (headers: Record<string, string>, text: string) =>
  (response: ServerResponse): void => {
    response.writeHead(200, headers);
    response.write(text, () => response.destroy());
  };

/** Everything an iterable brings. */
export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
}
