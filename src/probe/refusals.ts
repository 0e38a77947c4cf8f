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
 * | `header` | headers that contradict each other |
 * | `body` | a body that is too large, encoded, or not what it says |
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
  'body',
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
