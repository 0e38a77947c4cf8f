import type { Principal } from 'sluice/auth/auth';
import { ownersAndScopes } from 'sluice/auth/owners-and-scopes';
import { createDurableStreams, type DurableRequest, type DurableStreamsOptions } from 'sluice/durable';
import { createMemoryLog } from 'sluice/log/memory';
import { createAccess, createStreams } from 'sluice/streams';

const root = { origin: 'http://localhost', path: '/v1/stream/' };

/** A request, as far as it matters here. */
export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly as?: string;
  readonly address?: string;
  /** When the time of who asks is over. */
  readonly until?: number;
  /** What happens while the body comes. */
  readonly arriving?: () => Promise<void>;
}

function requestOf(
  path: string,
  { method = 'GET', headers = {}, body = '', as, address, arriving, until }: Ask,
): DurableRequest {
  const principal: Principal | undefined =
    as === undefined ? undefined : { id: as, ...(until === undefined ? {} : { expiresAt: until }) };
  return {
    method,
    target: `/v1/stream/${path}`,
    ...root,
    principal,
    address,
    signal: new AbortController().signal,
    header: (name) => headers[name],
    body: async (admits) => {
      await arriving?.();
      const bytes = new TextEncoder().encode(body);
      return await Promise.resolve(admits(bytes.length) ? bytes : undefined);
    },
  };
}

/** A server that asks who may do what, and one that asks it. */
export function open(options: Omit<DurableStreamsOptions, 'streams'> = {}, log = createMemoryLog()) {
  const streams = createStreams({ log });
  const access = createAccess({ streams, authorize: ownersAndScopes });
  const durable = createDurableStreams({ streams, access, ...options });
  const ask = async (path: string, wish: Ask = {}) => await durable.handle(requestOf(path, wish));
  const status = async (path: string, wish: Ask = {}) => (await ask(path, wish)).status;
  return { streams, durable, ask, status };
}

/** Creates a stream. */
export const put: Ask = { method: 'PUT', headers: { 'content-type': 'text/plain' } };
