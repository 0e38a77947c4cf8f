/** What somebody may want to do. `admin` is whatever concerns others: who is connected, books of the server, subscriptions. */
export const actions = ['read', 'publish', 'create', 'delete', 'cancel', 'list', 'run', 'answer', 'admin'] as const;

/** One of {@link actions}. */
export type Action = (typeof actions)[number];

/** Somebody who is known. */
export interface Principal {
  /** Who: what belongs to somebody bears it, and limits are counted by it. */
  readonly id: string;
  /**
   * What the credentials are good for, see `ownersAndScopes`. Where they do not say, for everything that is the principal's own.
   */
  readonly scopes?: readonly string[];
  /** What the credentials say besides. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** When the credentials' time is over, in milliseconds since the epoch: connections end then. Default: never. */
  readonly expiresAt?: number;
}

/** A request, as far as it tells who asks. */
export interface Asking {
  readonly method: string;
  /** Path and query, as the request line has them. */
  readonly target: string;
  /** A header by its name in lower case; `undefined` when it is not there. */
  header(name: string): string | undefined;
  /** Remote address, where there is one. */
  readonly address?: string | undefined;
}

/**
 * Tells who asks. `undefined`: the request says nothing of it, or nothing of a kind that this one knows.
 *
 * @throws {@link StreamError} `unauthenticated` or `expired`, for credentials that are not accepted
 */
export type Authenticate = (asking: Asking) => Principal | undefined | Promise<Principal | undefined>;

/**
 * Decides who may do what.
 *
 * @param principal - `undefined` is anybody
 * @param stream - name of the stream; that of a run is `runs/` and its id; empty where it is about none
 * @param owner - looks up whose it is, if that matters: `undefined` is nobody's
 */
export type Authorize = (
  principal: Principal | undefined,
  action: Action,
  stream: string,
  owner: () => string | undefined | Promise<string | undefined>,
) => boolean | Promise<boolean>;

/** A token, as a request would show it. */
export function askingWith(token: string, address?: string): Asking {
  return {
    method: 'GET',
    target: '/',
    address,
    header: (name) => (name === 'authorization' ? `Bearer ${token}` : undefined),
  };
}

/** In a stream's metadata: whose it is. */
export const ownerKey = 'sluice.owner';
