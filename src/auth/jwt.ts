import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
} from 'jose';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { checkBound, kindOf, StreamError } from '../chunk/index.js';
import type { Authenticate, Principal } from './auth.js';
import { bearerOf } from './credentials.js';

/** Where the keys that sign tokens are: exactly one of these. */
export interface JwtKeys {
  /** Address of a JWKS, which is fetched when it is needed, and again when a key is new. `https:`, or on this machine. */
  readonly jwksUrl?: string | URL;
  /** A JWKS. */
  readonly jwks?: JSONWebKeySet;
  /** A public key in PEM (SPKI). */
  readonly publicKey?: string;
  /** A secret of at least 32 bytes, for HS256 and its like. */
  readonly secret?: string | Uint8Array;
}

/** Options of {@link jwt}. */
export interface JwtOptions extends JwtKeys {
  /** Algorithms that are accepted, such as `['ES256']`. */
  readonly algorithms: readonly string[];
  /** Who must have issued a token. */
  readonly issuer: string | readonly string[];
  /** Whom it must be for. */
  readonly audience: string | readonly string[];
  /** How much clocks may differ, in milliseconds. Default 5 000. */
  readonly clockToleranceMs?: number;
  /** Tokens that were accepted are known again without looking at their signature, so many of them. Default 10 000. */
  readonly maxRemembered?: number;
  /** How long a JWKS is good for, in milliseconds. Default 600 000. */
  readonly jwksMaxAgeMs?: number;
  /** Who a token is about. Default: `sub`, with the scopes of `scope` or `scp`. */
  readonly principal?: (claims: JWTPayload) => Pick<Principal, 'id' | 'scopes'>;
  /** The time in milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

const known = /^(?:HS|RS|PS|ES)(?:256|384|512)$|^EdDSA$|^Ed25519$/;
const threeParts = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/**
 * Knows who bears a JSON Web Token in `Authorization: Bearer …`. It must be signed by one of the keys with one of the
 * algorithms, be issued by and for whom it should, and say `exp` and `sub`.
 *
 * @throws TypeError for options that would accept what they should not
 *
 * @example
 * serve({
 *   authenticate: jwt({ jwksUrl: 'https://id.example.com/jwks.json', algorithms: ['ES256'], issuer: 'https://id.example.com', audience: 'sluice' }),
 * });
 */
export function jwt(options: JwtOptions): Authenticate {
  const { principal = principalOf, now = Date.now } = options;
  const algorithms = checkAlgorithms(options.algorithms);
  const key = keyOf(options, algorithms);
  const tolerance = checkBound('clockToleranceMs', options.clockToleranceMs ?? 5000, { min: 0 });
  const maxRemembered = checkBound('maxRemembered', options.maxRemembered ?? 10_000, { min: 0 });
  const wanted = {
    algorithms: [...algorithms],
    issuer: listOf('issuer', options.issuer),
    audience: listOf('audience', options.audience),
    clockTolerance: tolerance / 1000,
    requiredClaims: ['exp', 'sub'],
  };
  const remembered = new Map<string, Principal>();
  const verify = async (token: string): Promise<Principal> => {
    const claims = await claimsOf(token, key, { ...wanted, currentDate: new Date(now()) });
    const found = { ...principal(claims), claims, expiresAt: claims.exp! * 1000 + tolerance };
    if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value ?? '');
    if (maxRemembered > 0) remembered.set(token, found);
    return found;
  };
  return (asking) => {
    const token = bearerOf(asking);
    if (token === undefined || !threeParts.test(token)) return undefined;
    const before = remembered.get(token);
    if (before !== undefined && before.expiresAt! > now()) return before;
    remembered.delete(token);
    return verify(token);
  };
}

async function claimsOf(
  token: string,
  key: JWTVerifyGetKey,
  wanted: Parameters<typeof jwtVerify>[2],
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, key, wanted);
    return payload;
  } catch (cause) {
    if (cause instanceof StreamError) throw cause;
    if (cause instanceof errors.JWTExpired)
      throw new StreamError('expired', 'the time of the token is over', { cause });
    throw new StreamError('unauthenticated', `the token is not accepted: ${reasonOf(cause)}`, { cause });
  }
}

/** A word that helps who made the token, and says nothing that is in it. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed) return `its ${error.claim} is not the right one`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not one of those allowed';
  if (error instanceof errors.JWKSNoMatchingKey) return 'no key is known that signed it';
  return 'it is not signed as it should be';
}

function principalOf({ sub = '', scope, scp }: JWTPayload): Pick<Principal, 'id' | 'scopes'> {
  const said = scope ?? scp;
  if (said === undefined) return { id: sub };
  const scopes = typeof said === 'string' ? said.split(' ') : Array.isArray(said) ? said.map(String) : [];
  return { id: sub, scopes };
}

function checkAlgorithms(algorithms: unknown): readonly string[] {
  if (!Array.isArray(algorithms) || algorithms.length === 0) {
    throw new TypeError(`algorithms must be a list such as ["ES256"], got ${kindOf(algorithms)}`);
  }
  for (const name of algorithms as readonly unknown[]) {
    if (typeof name !== 'string' || !known.test(name))
      throw new TypeError(`algorithms: there is none "${String(name)}"`);
  }
  return algorithms as readonly string[];
}

function listOf(name: string, value: string | readonly string[]): string[] {
  const list = typeof value === 'string' ? [value] : Array.isArray(value) ? [...(value as readonly string[])] : [];
  if (list.length > 0 && list.every((each) => typeof each === 'string' && each !== '')) return list;
  throw new TypeError(`${name} must be a string, or a list of some, got ${kindOf(value)}`);
}

function keyOf(options: JwtOptions, algorithms: readonly string[]): JWTVerifyGetKey {
  const { jwksUrl, jwks, publicKey, secret } = options;
  if ([jwksUrl, jwks, publicKey, secret].filter((each) => each !== undefined).length !== 1) {
    throw new TypeError('exactly one of jwksUrl, jwks, publicKey and secret must be given');
  }
  // Whoever knows a public key could sign with it as if it were a secret.
  const symmetric = algorithms.map((name) => name.startsWith('HS'));
  if (symmetric.includes(secret === undefined)) {
    throw new TypeError('algorithms: HS256 and its like go with a secret, all others without');
  }
  if (secret !== undefined) return secretKey(secret);
  if (jwks !== undefined) return createLocalJWKSet(jwks);
  return publicKey === undefined ? remoteKeys(options) : pemKey(publicKey);
}

function secretKey(secret: string | Uint8Array): JWTVerifyGetKey {
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : new Uint8Array(secret);
  if (bytes.length < 32) throw new RangeError('secret must have at least 32 bytes');
  // Of bytes jose would make a key for each token, which takes longer than to look at one.
  const keys = new Map<string, Promise<CryptoKey>>();
  return ({ alg }) => {
    const key = keys.get(alg) ?? hmacKey(bytes, alg);
    keys.set(alg, key);
    return key;
  };
}

/** The key for one of `HS256`, `HS384` and `HS512`. */
function hmacKey(bytes: Uint8Array<ArrayBuffer>, alg: string): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: `SHA-${alg.slice('HS'.length)}` };
  return crypto.subtle.importKey('raw', bytes, algorithm, false, ['verify']);
}

function pemKey(pem: string): JWTVerifyGetKey {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new TypeError('publicKey must be a public key in PEM');
  }
  return () => key;
}

/** How often keys are asked for at most, in milliseconds, whether they can be had or not: strangers can make us ask. */
const jwksPauseMs = 1000;

function remoteKeys({ jwksUrl, jwksMaxAgeMs = 600_000, now = Date.now }: JwtOptions): JWTVerifyGetKey {
  let notBefore = -Infinity;
  const keys = createRemoteJWKSet(checkUrl(jwksUrl!), {
    cacheMaxAge: checkBound('jwksMaxAgeMs', jwksMaxAgeMs),
    timeoutDuration: 5000,
    [customFetch]: async (url, init) => {
      if (now() < notBefore) throw new Error('they were asked for a moment ago');
      notBefore = now() + jwksPauseMs;
      return await received(await fetch(url, init));
    },
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      const isUnknown = cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys;
      if (isUnknown || cause instanceof errors.JOSENotSupported) throw cause;
      // That the keys cannot be had is no fault of the token.
      throw new StreamError('connection-lost', 'the keys that sign tokens cannot be had', { cause });
    }
  };
}

/** Far more than keys take. */
const maxJwksBytes = 1 << 20;

/** An answer that has come, and is no longer than one may be: who answers without end fills no memory. */
async function received(answer: Response): Promise<Response> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer.body ?? []) {
    length += part.length;
    if (length > maxJwksBytes) throw new Error(`they take more than ${maxJwksBytes} bytes`);
    parts.push(part);
  }
  return new Response(Buffer.concat(parts), answer);
}

const local = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;

function checkUrl(address: string | URL): URL {
  const url = URL.canParse(`${address}`) ? new URL(address) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && local.test(url.hostname))) return url;
  throw new TypeError('jwksUrl must be an https: address, or one on this machine');
}
