import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type CryptoKey,
  customFetch,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  type JWTClaimVerificationOptions,
  type JWTPayload,
  type ProtectedHeaderParameters,
  UnsecuredJWT,
} from 'jose';
import { createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { checkBound, kindOf, StreamError } from '../chunk/index.js';
import type { Authenticate, Principal } from './auth.js';
import { bearerOf } from './credentials.js';
import { isSignedBy } from './is-signed-by.js';

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
  const keys = keysOf(options, algorithms);
  const tolerance = checkBound('clockToleranceMs', options.clockToleranceMs ?? 5000, { min: 0 });
  const maxRemembered = checkBound('maxRemembered', options.maxRemembered ?? 10_000, { min: 0 });
  const wanted = {
    issuer: listOf('issuer', options.issuer),
    audience: listOf('audience', options.audience),
    clockTolerance: tolerance / 1000,
    requiredClaims: ['exp', 'sub'],
  };
  const remembered = new Map<string, Principal>();
  const verify = async (token: string): Promise<Principal> => {
    const claims = await claimsOf(token, algorithms, keys, { ...wanted, currentDate: new Date(now()) });
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

/** Finds the key that a token says it is signed with. */
type Keys = (header: Header) => Promise<KeyObject> | KeyObject;
type Header = ProtectedHeaderParameters & { readonly alg: string };

async function claimsOf(
  token: string,
  algorithms: readonly string[],
  keys: Keys,
  wanted: JWTClaimVerificationOptions,
): Promise<JWTPayload> {
  try {
    await checkSignature(token, algorithms, keys);
    const [, payload] = token.split('.');
    // What was signed is judged as what is not: jose has no other word for a payload that was looked at already.
    return UnsecuredJWT.decode(`${unsigned}.${payload}.`, wanted).payload;
  } catch (cause) {
    if (cause instanceof StreamError) throw cause;
    if (cause instanceof errors.JWTExpired)
      throw new StreamError('expired', 'the time of the token is over', { cause });
    throw new StreamError('unauthenticated', `the token is not accepted: ${reasonOf(cause)}`, { cause });
  }
}

const unsigned = Buffer.from('{"alg":"none"}').toString('base64url');

async function checkSignature(token: string, algorithms: readonly string[], keys: Keys): Promise<void> {
  const header = decodeProtectedHeader(token);
  const { alg, crit } = header;
  if (alg === undefined || !algorithms.includes(alg)) throw new errors.JOSEAlgNotAllowed('alg is not allowed');
  if (crit !== undefined) throw new errors.JWSInvalid('no extension is known');
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  if (isSignedBy(await keys({ ...header, alg }), alg, token.slice(0, end), signature)) return;
  throw new errors.JWSSignatureVerificationFailed();
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

function keysOf(options: JwtOptions, algorithms: readonly string[]): Keys {
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
  if (jwks !== undefined) return converted(createLocalJWKSet(jwks));
  return publicKey === undefined ? remoteKeys(options) : pemKey(publicKey);
}

function secretKey(secret: string | Uint8Array): Keys {
  const bytes = typeof secret === 'string' ? Buffer.from(secret) : secret;
  if (bytes.length < 32) throw new RangeError('secret must have at least 32 bytes');
  const key = createSecretKey(bytes);
  return () => key;
}

function pemKey(pem: string): Keys {
  let jwk;
  try {
    jwk = createPublicKey(pem).export({ format: 'jwk' });
  } catch {
    throw new TypeError('publicKey must be a public key in PEM');
  }
  // As a set of one, so that jose looks whether it is a key for the algorithm. It bears no name that could be the wrong one.
  const keys = converted(createLocalJWKSet({ keys: [jwk as JSONWebKeySet['keys'][number]] }));
  return ({ alg }) => keys({ alg });
}

/** Keys that jose has found, as those that look at signatures at once: WebCrypto would hand each to a thread and back. */
function converted(find: (header: Header) => Promise<CryptoKey>): Keys {
  const before = new WeakMap<CryptoKey, KeyObject>();
  return async (header) => {
    const found = await find(header);
    const same = before.get(found);
    if (same !== undefined) return same;
    const key = KeyObject.from(found);
    const { modulusLength = leastBits } = key.asymmetricKeyDetails!;
    if (modulusLength < leastBits) throw new TypeError(`an RSA key must have at least ${leastBits} bits`);
    before.set(found, key);
    return key;
  };
}

/** RFC 7518, section 3.3. */
const leastBits = 2048;

/** How often keys are asked for at most, in milliseconds, whether they can be had or not: strangers can make us ask. */
const jwksPauseMs = 1000;

function remoteKeys({ jwksUrl, jwksMaxAgeMs = 600_000, now = Date.now }: JwtOptions): Keys {
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
  return converted(async (header) => {
    try {
      return await keys(header);
    } catch (cause) {
      const isUnknown = cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys;
      if (isUnknown || cause instanceof errors.JOSENotSupported) throw cause;
      // That the keys cannot be had is no fault of the token.
      throw new StreamError('connection-lost', 'the keys that sign tokens cannot be had', { cause });
    }
  });
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
