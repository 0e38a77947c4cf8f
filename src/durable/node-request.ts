import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../auth/auth.js';
import type { DurableRequest } from './request.js';

/** @internal A request of Node. */
export class NodeRequest implements DurableRequest {
  private controller: AbortController | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly path: string,
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

  get root(): string {
    const { headers, socket } = this.request;
    const scheme = 'encrypted' in socket ? 'https' : 'http';
    return `${scheme}://${headers.host || 'localhost'}${this.path}`;
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

  /** Stops to read as soon as the body is refused. */
  body(admits: (length: number) => boolean): Promise<Uint8Array | undefined> {
    const { request } = this;
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      let length = 0;
      const take = (part: Buffer): void => {
        length += part.length;
        parts.push(part);
        if (admits(length)) return;
        request.off('data', take).pause();
        resolve(undefined);
      };
      // Who has gone already does not go again.
      if (request.destroyed) reject(new Error('the body was cut off'));
      request.on('data', take);
      request.on('end', () => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts, length)));
      request.on('error', reject);
      request.on('close', () => {
        if (!request.readableEnded) reject(new Error('the body was cut off'));
      });
    });
  }
}
