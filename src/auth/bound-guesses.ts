import { checkBound, StreamError } from '../chunk/index.js';
import type { Asking, Authenticate, Principal } from './auth.js';
import { networkOf } from './budget-key.js';
import type { Quotas } from './quotas.js';

/** Options of {@link boundGuesses}. */
export interface BoundGuessesOptions {
  /** Credentials that are not accepted and may come from one address in a while. Default 60. */
  readonly amount?: number;
  /** How long the while is, in milliseconds. Default 60 000. */
  readonly perMs?: number;
  /** Addresses that are counted at the same time; the one counted longest is let go. Default 10 000. */
  readonly maxAddresses?: number;
  /** Credentials that are known to have been accepted, so many of them. Default 10 000. */
  readonly maxAccepted?: number;
  /**
   * Counts guesses for all servers together, beside what each counts for itself: `rateLimits` with a Redis does. Whose address has had
   * too many anywhere learns it with the next that is not accepted here. Default: each server counts alone.
   */
  readonly quotas?: Pick<Quotas, 'spend'> | undefined;
  /** The time in milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

/** What came from one address. */
interface Count {
  failures: number;
  until: number;
}

/**
 * Bounds how many credentials that are not accepted may come from one address, and so what guessing costs: beyond, none is looked at
 * until the while is over, which is `rate-limited` with `retryAfterMs`. Whoever shows what was accepted before, or nothing at all, is
 * not kept waiting by his neighbours. A network of IPv6 (/64) is one address.
 *
 * @example
 * createGateway({ streams, access, authenticate: boundGuesses(apiKeys(keys), { amount: 10 }) });
 */
export function boundGuesses(authenticate: Authenticate, options: BoundGuessesOptions = {}): Authenticate {
  const book = new Book(options);
  const failed = (asking: Asking, error: unknown): never => {
    if (error instanceof StreamError && error.code === 'unauthenticated') book.note(asking);
    throw error;
  };
  const found = (asking: Asking, principal: Principal | undefined): Principal | undefined => {
    if (principal !== undefined) book.accept(asking);
    return principal;
  };
  return (asking) => {
    const retryAfterMs = book.wait(asking);
    if (retryAfterMs !== undefined) {
      const message = 'too many credentials that are not accepted came from this address';
      throw new StreamError('rate-limited', message, { retryAfterMs });
    }
    try {
      const answer = authenticate(asking);
      if (!(answer instanceof Promise)) return found(asking, answer);
      return answer.then(
        (principal) => found(asking, principal),
        (error: unknown) => failed(asking, error),
      );
    } catch (error) {
      return failed(asking, error);
    }
  };
}

class Book {
  private readonly counts = new Map<string, Count>();
  private readonly accepted = new Set<string>();
  private readonly amount: number;
  private readonly perMs: number;
  private readonly maxAddresses: number;
  private readonly maxAccepted: number;
  private readonly quotas: Pick<Quotas, 'spend'> | undefined;
  private readonly now: () => number;

  constructor(options: BoundGuessesOptions) {
    this.amount = checkBound('amount', options.amount ?? 60);
    this.perMs = checkBound('perMs', options.perMs ?? 60_000);
    this.maxAddresses = checkBound('maxAddresses', options.maxAddresses ?? 10_000);
    this.maxAccepted = checkBound('maxAccepted', options.maxAccepted ?? 10_000);
    this.quotas = options.quotas;
    this.now = options.now ?? Date.now;
  }

  /** After how long credentials are looked at again; `undefined` for at once. */
  wait(asking: Asking): number | undefined {
    // Nearly always nobody has guessed.
    if (this.counts.size === 0) return undefined;
    const network = networkOf(asking.address);
    const count = this.counts.get(network);
    if (count === undefined) return undefined;
    const waitMs = count.until - this.now();
    if (waitMs <= 0) this.counts.delete(network);
    if (waitMs <= 0 || count.failures < this.amount) return undefined;
    const shown = shownBy(asking);
    return shown === undefined || this.accepted.has(shown) ? undefined : waitMs;
  }

  /** Credentials were not accepted. */
  note(asking: Asking): void {
    const { counts, maxAddresses } = this;
    const shown = shownBy(asking);
    if (shown !== undefined) this.accepted.delete(shown);
    const network = networkOf(asking.address);
    const now = this.now();
    let count = counts.get(network);
    if (count === undefined || count.until <= now) {
      counts.delete(network);
      if (counts.size >= maxAddresses) forgetOldest(counts);
      count = { failures: 0, until: now + this.perMs };
      counts.set(network, count);
    }
    count.failures++;
    if (this.quotas !== undefined) void this.share(this.quotas, network, count);
  }

  /** Says so to all servers, and hears whether all of them together have had enough. */
  private async share(quotas: Pick<Quotas, 'spend'>, network: string, count: Count): Promise<void> {
    // What cannot be counted together at the moment is counted here.
    const waitMs = await quotas.spend(`address ${network}`, 'guesses', 1).catch(() => undefined);
    if (waitMs === undefined) return;
    count.failures = this.amount;
    count.until = this.now() + waitMs;
  }

  /** Credentials were accepted. */
  accept(asking: Asking): void {
    const shown = shownBy(asking);
    if (shown === undefined || this.accepted.has(shown)) return;
    if (this.accepted.size >= this.maxAccepted) forgetOldest(this.accepted);
    this.accepted.add(shown);
  }
}

/** All in a request that may be credentials; `undefined` where there is nothing of the kind. */
function shownBy(asking: Asking): string | undefined {
  const { target } = asking;
  const shown = ['authorization', 'x-api-key', 'cookie'].map((name) => asking.header(name) ?? '');
  const at = target.indexOf('?');
  if (at >= 0 && target.includes('access=', at)) shown.push(target.slice(at));
  return shown.some((each) => each !== '') ? shown.join('\n') : undefined;
}

function forgetOldest(entries: Map<string, unknown> | Set<string>): void {
  for (const oldest of entries.keys()) return void entries.delete(oldest);
}
