import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../auth/auth.js';
import type { MaybePromise } from '../log/log.js';
import { nodeBody, wholeOf } from './node-body.js';
import { type DurableRequest, isLarge } from './request.js';

/** @internal A request of Node. */
export class NodeRequest implements DurableRequest {
  private controller: AbortController | undefined;
  private received: Uint8Array | undefined;

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

  /**
   * Waits for a small body, which has mostly come with the headers, and then calls `ready`: so that nothing behind has to wait for it.
   * Who breaks off hears no answer.
   */
  receiveSmall(ready: () => void): void {
    if (isLarge(this)) return ready();
    const parts: Buffer[] = [];
    this.request.on('data', (part: Buffer) => parts.push(part));
    this.request.on('end', () => {
      this.received = wholeOf(parts);
      ready();
    });
  }

  body(admits: (length: number) => boolean): MaybePromise<Uint8Array | undefined> {
    const { received } = this;
    if (received === undefined) return nodeBody(this.request, admits);
    return admits(received.length) ? received : undefined;
  }
}
