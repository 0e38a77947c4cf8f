// Those that clients name, each by itself: a bundle has the number where it would have the whole list.
/** @internal */
export const closedNormally = 1000;
/** @internal */
export const goingAway = 1001;
/** @internal */
export const connectionLost = 1006;
/** @internal */
export const messageMalformed = 4400;
/** @internal */
export const nothingHeard = 4408;
/** @internal */
export const credentialsExpired = 4411;

/**
 * Every way a session ends, with its number (WebSocket close codes) and its name. 4000 to 4999 are this protocol's own.
 *
 * | code | name | who | reconnect? |
 * |---|---|---|---|
 * | 1000 | `normal` | either | no: it was meant |
 * | 1001 | `going-away` | server shuts down | yes |
 * | 1006 | `lost` | nobody: the connection broke | yes |
 * | 1007 | `invalid-utf8` | a text message is not UTF-8 | no |
 * | 1009 | `frame-too-large` | a message exceeds the announced size | no |
 * | 1011 | `internal` | server met a defect | yes |
 * | 4400 | `frame-malformed` | a message is not a sequence of frames | no |
 * | 4401 | `unauthenticated` | the server knows nobody without credentials, or does not accept these | no |
 * | 4403 | `forbidden` | another's credentials were shown during a connection | no |
 * | 4406 | `protocol-unsupported` | subprotocol `sluice.v1` was not offered | no |
 * | 4408 | `idle-timeout` | nothing was heard for too long | yes |
 * | 4410 | `backlog` | the peer asks on but does not read the answers | yes |
 * | 4411 | `expired` | the time of the credentials is over | yes, with new ones |
 * | 4429 | `limit-reached` | too many connections, or too many invalid frames | yes, later |
 * | 4503 | `unavailable` | the server cannot reach what it keeps streams in | yes, elsewhere |
 */
export const closeCodes = {
  normal: closedNormally,
  'going-away': goingAway,
  lost: connectionLost,
  'invalid-utf8': 1007,
  'frame-too-large': 1009,
  internal: 1011,
  'frame-malformed': messageMalformed,
  unauthenticated: 4401,
  forbidden: 4403,
  'protocol-unsupported': 4406,
  'idle-timeout': nothingHeard,
  backlog: 4410,
  expired: credentialsExpired,
  'limit-reached': 4429,
  unavailable: 4503,
} as const;

/** Name of a way to end a session. */
export type CloseName = keyof typeof closeCodes;

/** The name of a close code; unknown codes are `lost`. */
export function closeName(code: number): CloseName {
  for (const [name, known] of Object.entries(closeCodes)) if (known === code) return name as CloseName;
  return 'lost';
}

/** Those after which it is useless to connect again: 1000, 1007, 1009, 4400, 4401, 4403 and 4406. */
const fatal: readonly number[] = [closedNormally, 1007, 1009, messageMalformed, 4401, 4403, 4406];

/** Whether a client should connect again after this close code. */
export function mayReconnect(code: number): boolean {
  return !fatal.includes(code);
}
