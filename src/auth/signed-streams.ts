import { createHmac, timingSafeEqual } from 'node:crypto';
import { checkBound, checkName, kindOf, StreamError } from '../chunk/index.js';
import { type Action, actions, type Authenticate } from './auth.js';

/** A secret that signs, and its name: while keys are changed there are two, and new signatures are made with the first. */
export interface SigningKey {
  readonly id: string;
  /** At least 32 bytes, or characters. */
  readonly secret: string | Uint8Array;
}

/** What a signature allows. */
export interface SignedStream {
  readonly stream: string;
  /** Default `read`. */
  readonly action?: Action;
  /** Whose name it bears: limits are counted by it. Default: that of the key. */
  readonly principal?: string;
  /** How long it is good for, in milliseconds, at most a week. Default 300 000. */
  readonly ttlMs?: number;
  /** The time in milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

/** Options of {@link signedStreams}. */
export interface SignedStreamsOptions {
  /** What may have signed. Take a key out, and what it signed is good for nothing. */
  readonly keys: readonly SigningKey[];
  /** The time in milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

/** The query parameter that holds a signature. */
export const accessParameter = 'access';

const weekMs = 7 * 24 * 60 * 60 * 1000;
const keyId = /^[\w-]{1,64}$/;
const version = 's1';

/**
 * Signs a permission to do one thing with one stream for a short while, for places that can set no header, such as an
 * `EventSource`. Put it in the query of the stream's address as `access`.
 *
 * @example
 * const access = signStream(key, { stream: 'answers/1', ttlMs: 60_000 });
 * new EventSource(`/streams/answers/1?access=${access}`);
 */
export function signStream(key: SigningKey, options: SignedStream): string {
  const { stream, action = 'read', now = Date.now } = options;
  if (!actions.includes(action)) throw new TypeError(`action must be one of ${actions.join(', ')}`);
  const { id, secret } = checkKey(key);
  const ttlMs = checkBound('ttlMs', options.ttlMs ?? 300_000, { max: weekMs });
  if (isPattern(checkName(stream))) throw new TypeError('stream must not end with "*": a scope would take it for many');
  const claims = [id, action, stream, options.principal ?? `signed:${id}`, now() + ttlMs];
  const body = `${version}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${body}.${macOf(secret, body).toString('base64url')}`;
}

/**
 * Knows who comes with a signature of {@link signStream} in the query.
 *
 * @example
 * serve({ authenticate: anyOf(apiKeys(keys), signedStreams({ keys: [newKey, oldKey] })) });
 */
export function signedStreams(options: SignedStreamsOptions): Authenticate {
  const now = options.now ?? Date.now;
  const secrets = new Map(options.keys.map(checkKey).map(({ id, secret }) => [id, secret]));
  if (secrets.size === 0) throw new TypeError('keys must hold at least one key');
  return ({ target }) => {
    const access = parameterOf(target);
    if (access === undefined) return undefined;
    const claims = claimsOf(access, secrets);
    if (claims === undefined || isPattern(claims[2])) {
      throw new StreamError('unauthenticated', 'the signature is not accepted');
    }
    const [, action, stream, id, expiresAt] = claims;
    if (expiresAt <= now()) throw new StreamError('expired', 'the time of the signature is over');
    return { id, scopes: [`${action}:${stream}`], expiresAt };
  };
}

type Claims = readonly [key: string, action: Action, stream: string, principal: string, expiresAt: number];

/** Whether a scope with this name would be good for others, too: who may choose a name could choose one. */
function isPattern(stream: string): boolean {
  return stream.endsWith('*');
}

function parameterOf(target: string): string | undefined {
  const at = target.indexOf('?');
  if (at < 0 || !target.includes(`${accessParameter}=`, at)) return undefined;
  return new URLSearchParams(target.slice(at)).get(accessParameter) ?? undefined;
}

/** What was signed; `undefined` unless one of the keys has signed just this. */
function claimsOf(access: string, secrets: ReadonlyMap<string, string | Uint8Array>): Claims | undefined {
  const [form, body = '', mac = '', ...more] = access.split('.');
  if (form !== version || more.length > 0) return undefined;
  const claims = parse(Buffer.from(body, 'base64url').toString());
  const secret = claims === undefined ? undefined : secrets.get(claims[0]);
  if (claims === undefined || secret === undefined) return undefined;
  const given = Buffer.from(mac, 'base64url');
  const right = macOf(secret, `${version}.${body}`);
  return given.length === right.length && timingSafeEqual(given, right) ? claims : undefined;
}

function parse(text: string): Claims | undefined {
  try {
    const claims: unknown = JSON.parse(text);
    return Array.isArray(claims) && claims.length === 5 ? (claims as unknown as Claims) : undefined;
  } catch {
    return undefined;
  }
}

function macOf(secret: string | Uint8Array, body: string): Buffer {
  return createHmac('sha256', secret).update(body).digest();
}

function checkKey(key: SigningKey): SigningKey {
  const { id, secret } = key;
  if (typeof id !== 'string' || !keyId.test(id))
    throw new TypeError('id of a key must be of 1 to 64 letters and digits');
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array)) {
    throw new TypeError(`secret of a key must be a string or bytes, got ${kindOf(secret)}`);
  }
  if (secret.length < 32) throw new RangeError('secret of a key must have at least 32 bytes');
  return key;
}
