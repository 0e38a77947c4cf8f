import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Asking, Authenticate, Principal } from '../auth/auth.js';
import { budgetKey } from '../auth/budget-key.js';
import type { Quotas } from '../auth/quotas.js';
import { StreamError } from '../chunk/index.js';
import { findRepeated } from '../durable/repeated-header.js';
import { attempt, type MaybePromise, whenReady } from '../log/log.js';
import type { Refusals } from '../probe/index.js';
import { isHost } from '../protocol/host.js';
import { originAllowed, type Origins } from '../protocol/origin.js';
import type { Door } from './door.js';
import { endAt } from './end-at.js';
import { remember } from './guard.js';
import { notFound } from './not-found.js';
import { refusalOf, RequestError } from './request-error.js';
import { refuseUpgrade, sendRefusal } from './send-json.js';

/** @internal Options of {@link doorkeeper}. */
export interface DoorkeeperOptions {
  /** Says who comes. Default: nobody is asked. */
  readonly authenticate?: Authenticate | undefined;
  /** How much each may do. */
  readonly quotas?: Quotas | undefined;
  /** Names the server goes by; `undefined`: whatever somebody calls it. */
  readonly hosts?: readonly string[] | undefined;
  readonly origins?: Origins | undefined;
  readonly refusals?: Pick<Refusals, 'count'> | undefined;
}

/**
 * @internal Stands before all doors: refuses what no door should see, finds out who comes, and leads him on. Where nobody is asked
 * it is a handful of looks at headers.
 */
export function doorkeeper(doors: readonly Door[], options: DoorkeeperOptions): Door {
  return new Doorkeeper(doors, options);
}

class Doorkeeper implements Door {
  private readonly asks: boolean;
  /** What the server was called last, and is: mostly it is called the same again. */
  private named: string | undefined;

  constructor(
    private readonly doors: readonly Door[],
    private readonly options: DoorkeeperOptions,
  ) {
    this.asks = options.authenticate !== undefined || options.quotas !== undefined;
  }

  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const problem = this.problemOf(request);
    if (problem !== undefined) sendRefusal(request, response, problem);
    else if (!this.asks || request.method === 'OPTIONS' || this.isForAll(request)) return this.lead(request, response);
    else this.identify(request, response);
    return true;
  }

  private lead(request: IncomingMessage, response: ServerResponse): boolean {
    return this.doors.some((door) => door.handle(request, response));
  }

  private isForAll(request: IncomingMessage): boolean {
    return this.doors.some((door) => door.isOpen?.(request) === true);
  }

  private identify(request: IncomingMessage, response: ServerResponse): void {
    attempt(
      () =>
        whenReady(this.admit(request), (principal) => {
          if (response.destroyed) return;
          if (principal?.expiresAt !== undefined) endAt(principal.expiresAt, response);
          if (!this.lead(request, response)) notFound(request, response);
        }),
      (error) => sendRefusal(request, response, this.counted(error)),
    );
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    // Whoever goes while he is looked at is nobody's error.
    socket.on('error', ignore);
    const problem = this.problemOf(request);
    if (problem !== undefined) refuseUpgrade(socket, problem);
    else if (!this.asks) this.take(request, socket, head);
    else {
      attempt(
        () =>
          whenReady(this.admit(request), () => {
            // Its door looks after the time.
            if (!socket.destroyed) this.take(request, socket, head);
          }),
        (error) => refuseUpgrade(socket, refusalOf(this.counted(error))),
      );
    }
    return true;
  }

  private take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!this.doors.some((door) => door.upgrade?.(request, socket, head))) socket.destroy();
  }

  /** Finds out who comes, and whether he does not come too often. */
  private admit(request: IncomingMessage): MaybePromise<Principal | undefined> {
    const asking = askingOf(request);
    return whenReady(this.options.authenticate?.(asking), (principal) => {
      if (principal !== undefined) remember(request, principal);
      const { quotas } = this.options;
      if (quotas === undefined) return principal;
      return whenReady(quotas.spend(budgetKey(principal, asking.address), 'requests', 1), (retryAfterMs) => {
        if (retryAfterMs === undefined) return principal;
        throw new StreamError('rate-limited', 'there are too many requests', { retryAfterMs });
      });
    });
  }

  private counted(error: unknown): unknown {
    const code = error instanceof StreamError ? error.code : undefined;
    if (code === 'rate-limited') this.options.refusals?.count('rate');
    else if (code === 'expired' || code === 'unauthenticated') this.options.refusals?.count(code);
    return error;
  }

  /** What is wrong with a request, whoever comes with it. */
  private problemOf(request: IncomingMessage): RequestError | undefined {
    const { headers, method } = request;
    const { origins, hosts, refusals } = this.options;
    if (headers.origin !== undefined && !originAllowed(origins, headers)) refusals?.count('origin');
    const header = contradiction(request);
    if (header !== undefined) {
      refusals?.count('header');
      return new RequestError(400, 'frame-malformed', header);
    }
    if (hosts !== undefined && headers.host !== this.named && !isNamed(headers.host, hosts)) {
      refusals?.count('host');
      return new RequestError(421, 'connection-refused', 'this server is not the host that was asked for: see `hosts`');
    }
    this.named = headers.host;
    if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return undefined;
    // A browser that says nothing of the page that asks says at least that it is another's.
    const site = headers['sec-fetch-site'];
    if (headers.origin === undefined && (site === 'cross-site' || site === 'same-site')) {
      refusals?.count('origin');
      return new RequestError(403, 'connection-refused', 'a page of another host may not do this');
    }
    if ((headers['content-encoding'] ?? 'identity') === 'identity') return undefined;
    refusals?.count('body');
    return new RequestError(415, 'frame-malformed', 'the body must not be compressed');
  }

  dispose(): void {
    for (const door of this.doors) door.dispose?.();
  }

  abort(): void {
    for (const door of this.doors) door.abort?.();
  }
}

const ignore = (): void => {};

function askingOf({ method = 'GET', url = '/', headers, socket }: IncomingMessage): Asking {
  return { method, target: url, address: socket.remoteAddress, header: (name) => headers[name]?.toString() };
}

/** Of these, two would be two opinions: a proxy may believe the one, and Node the other. */
const repeatedHeader = findRepeated(['host', 'authorization', 'content-length', 'transfer-encoding', 'x-api-key']);

function contradiction(request: IncomingMessage): string | undefined {
  const { headers, httpVersion } = request;
  if (headers.host !== undefined && !isHost(headers.host))
    return 'host must be a name or an address, and perhaps a port';
  if (headers[':authority'] !== undefined && headers[':authority'] !== headers.host) return 'host may be said once';
  const encoding = headers['transfer-encoding'];
  // HTTP/1.0 knows no such thing: who puts it there wants two servers to see two requests.
  if (encoding !== undefined && httpVersion === '1.0') return 'HTTP/1.0 has no transfer-encoding';
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') return 'transfer-encoding must be chunked';
  const repeated = repeatedHeader(request);
  return repeated === undefined ? undefined : `${repeated} may be said once`;
}

const port = /:\d{1,5}$/;

/** Whether a server goes by the name that a request calls it. Without one it was no browser. */
function isNamed(host: string | undefined, hosts: readonly string[]): boolean {
  if (host === undefined) return true;
  const name = host.toLowerCase().replace(port, '');
  return loopbackName.test(name) || hosts.includes(name);
}

/** No page elsewhere can have one of these names. */
const loopbackName = /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
