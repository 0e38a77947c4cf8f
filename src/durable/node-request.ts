import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../auth/auth.js';
import type { MaybePromise } from '../log/log.js';
import { nodeBody } from './node-body.js';
import { type DurableRequest, isLarge } from './request.js';

/** @internal A request of Node. */
export class NodeRequest implements DurableRequest {
  private controller: AbortController | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    readonly path: string,
    readonly principal?: Principal | undefined,
  ) {}

  get method(): string {
    return this.request.method ?? 'GET';
  }

  get target(): string {
    return this.request.url ?? '/';
  }

  get address(): string | undefined {
    return this.request.socket.remoteAddress;
  }

  get origin(): string {
    const { headers, socket } = this.request;
    const scheme = 'encrypted' in socket ? 'https' : 'http';
    return `${scheme}://${headers.host || 'localhost'}`;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const made = (this.controller = new AbortController());
      this.response.once('close', () => made.abort());
      if (this.response.destroyed) made.abort();
    }
    return this.controller.signal;
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return typeof value === 'string' ? value : value?.toString();
  }

  /** Calls `ready`: where a small body is announced, a moment later. It comes with the headers, and then {@link body} finds it there. */
  deferSmall(ready: () => void): void {
    if (isLarge(this)) ready();
    else process.nextTick(ready);
  }

  body(admits: (length: number) => boolean): MaybePromise<Uint8Array | undefined> {
    const { request } = this;
    if (request.readableLength !== Number(this.header('content-length'))) return nodeBody(request, admits);
    const body = (request.read() as Buffer | null) ?? nothing;
    return admits(body.length) ? body : undefined;
  }
}

const nothing = new Uint8Array();
