/**
 * Why something was refused, one word each.
 *
 * | reason | what was refused |
 * |---|---|
 * | `unauthenticated` | no credentials where some are needed, or ones that are not accepted |
 * | `expired` | credentials whose time is over, at the door or during a connection |
 * | `forbidden` | somebody known who may not do this |
 * | `origin` | a page of a host that may not ask |
 * | `host` | a request for a host that this server is not |
 * | `header` | a request that cannot be read, or headers that contradict each other |
 * | `request` | a request that cannot be obeyed: its path, query, headers or body are not what they must be |
 * | `body` | a body that is too large, encoded, or not of the type that is wanted |
 * | `slow` | who begins to ask and does not go on, or does not take the answer |
 * | `rate` | more requests, messages or bytes than a principal may send in a while |
 * | `connections` | a connection more than there may be |
 * | `subscriptions` | a subscription more than there may be |
 * | `streams` | a stream more than a principal may create in a while |
 * | `budget` | reading on: the principal has had what it may have |
 * | `frame` | a message or frame that cannot be obeyed |
 * | `webhook` | an address that a stranger may not have us call |
 */
export const refusalReasons = [
  'unauthenticated',
  'expired',
  'forbidden',
  'origin',
  'host',
  'header',
  'request',
  'body',
  'slow',
  'rate',
  'connections',
  'subscriptions',
  'streams',
  'budget',
  'frame',
  'webhook',
] as const;

/** One of {@link refusalReasons}. */
export type RefusalReason = (typeof refusalReasons)[number];

/**
 * What a refusal over HTTP is counted as, by its status; `undefined` where it is none, or is counted by who has decided it: those
 * who may not, and those who want too much.
 *
 * @internal
 */
export function reasonOfStatus(status: number): RefusalReason | undefined {
  if (status === 400) return 'request';
  return status === 413 || status === 415 ? 'body' : undefined;
}

/** @internal Counts a refusal over HTTP by its status, as {@link reasonOfStatus} says. */
export function countStatus(refusals: Pick<Refusals, 'count'> | undefined, status: number): void {
  const reason = reasonOfStatus(status);
  if (reason !== undefined) refusals?.count(reason);
}

/** Counts what was refused, by reason. */
export interface Refusals {
  /** Something was refused. */
  readonly count: (reason: RefusalReason) => void;
  /** How often so far, by reason; reasons that never came up are 0. */
  read(): Readonly<Record<RefusalReason, number>>;
}

/**
 * Makes counters of refusals: a number for each reason, however many come. Hand them to what refuses, read them when asked.
 *
 * @example
 * const refusals = createRefusals();
 * const server = await serve({ refusals });
 * refusals.read().unauthenticated;
 */
export function createRefusals(): Refusals {
  const counts = Object.fromEntries(refusalReasons.map((reason) => [reason, 0])) as Record<RefusalReason, number>;
  return {
    count: (reason) => void counts[reason]++,
    read: () => ({ ...counts }),
  };
}
