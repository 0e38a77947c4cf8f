import { readFileSync } from 'node:fs';
import { anyOf } from '../../auth/any-of.js';
import { apiKeys, readApiKeys } from '../../auth/api-keys.js';
import type { Authenticate } from '../../auth/auth.js';
import type { BoundGuessesOptions } from '../../auth/bound-guesses.js';
import type { Quotas } from '../../auth/quotas.js';
import { signedStreams, type SigningKey } from '../../auth/signed-streams.js';
import { StreamError } from '../../chunk/index.js';
import type { ServeOptions } from '../serve.js';
import type { Config } from './config-schema.js';

/**
 * Who may come to a server, and how much of it each may have, by a configuration: options of `serve`.
 *
 * @throws {@link StreamError} `config-invalid` naming the setting that is wrong, or where a package is missing
 */
export async function configAuth({
  auth,
  quotas,
}: Pick<Config, 'auth' | 'quotas'>): Promise<Pick<ServeOptions, 'authenticate' | 'guesses' | 'quotas'>> {
  const ways = [readKeys(auth), await readJwt(auth), readSigned(auth)].filter((way) => way !== undefined);
  const limits = await readQuotas(quotas, auth.guessesPerMinute);
  return {
    ...(ways.length === 0 ? {} : { authenticate: anyOf(...ways), guesses: guessesOf(auth) }),
    ...(limits === undefined ? {} : { quotas: limits }),
  };
}

function guessesOf({ guessesPerMinute: amount }: Config['auth']): BoundGuessesOptions | false {
  return amount === Infinity ? false : { amount };
}

function readKeys({ apiKeys: file }: Config['auth']): Authenticate | undefined {
  if (file === undefined) return undefined;
  return checked('auth.apiKeys', () => {
    const text = readFileSync(file, 'utf8').trim();
    // A list, or a record a line: so a new key is added by adding a line.
    const list = text.startsWith('[')
      ? text
      : `[${text
          .split('\n')
          .filter((line) => line.trim() !== '')
          .join(',')}]`;
    return apiKeys(readApiKeys(parse(list)));
  });
}

/** What is wrong is not said with what is there: that may be a secret. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError('must be JSON: a list of records, or one on each line');
  }
}

async function readJwt(auth: Config['auth']): Promise<Authenticate | undefined> {
  const { jwksUrl, jwtPublicKey, jwtSecret, jwtAlgorithms, jwtIssuer, jwtAudience } = auth;
  if (jwksUrl === undefined && jwtPublicKey === undefined && jwtSecret === undefined) return undefined;
  const { jwt } = await needed('auth', 'jose', () => import('../../auth/jwt.js'));
  return checked('auth', () =>
    jwt({
      ...(jwksUrl === undefined ? {} : { jwksUrl }),
      ...(jwtPublicKey === undefined ? {} : { publicKey: readFileSync(jwtPublicKey, 'utf8') }),
      ...(jwtSecret === undefined ? {} : { secret: jwtSecret }),
      algorithms: jwtAlgorithms,
      issuer: jwtIssuer ?? '',
      audience: jwtAudience ?? '',
    }),
  );
}

function readSigned({ signingKeys }: Config['auth']): Authenticate | undefined {
  if (signingKeys.length === 0) return undefined;
  return checked('auth.signingKeys', () => signedStreams({ keys: signingKeys.map(keyOf) }));
}

function keyOf(text: string): SigningKey {
  const at = text.indexOf('=');
  if (at < 1) throw new TypeError('each must be ID=SECRET');
  return { id: text.slice(0, at), secret: text.slice(at + 1) };
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

async function readQuotas(quotas: Config['quotas'], guesses: number): Promise<Quotas | undefined> {
  const { store, connections, subscriptions, readBytesPerDay } = quotas;
  if (store === 'off') return undefined;
  const { rateLimits } = await needed('quotas', 'rate-limiter-flexible', () => import('../../auth/rate-limits.js'));
  const perMinute = (amount: number) => ({ amount, perMs: minuteMs });
  return rateLimits({
    connections,
    subscriptions,
    requests: perMinute(quotas.requestsPerMinute),
    frames: perMinute(quotas.framesPerMinute),
    chunks: perMinute(quotas.chunksPerMinute),
    bytes: perMinute(quotas.bytesPerMinute),
    streams: { amount: quotas.streamsPerHour, perMs: 60 * minuteMs },
    ...(guesses === Infinity ? {} : { guesses: perMinute(guesses) }),
    ...(readBytesPerDay === Infinity ? {} : { readBytes: { amount: readBytesPerDay, perMs: dayMs } }),
    ...(store === 'memory' ? {} : { redis: await openRedis(store) }),
  });
}

async function openRedis(url: string): Promise<object> {
  if (!/^rediss?:\/\/./.test(url)) throw invalid('quotas.store', 'must be off, memory or the URL of a Redis');
  const { Redis } = await needed('quotas.store', 'ioredis', () => import('ioredis'));
  const redis = new Redis(url);
  // Without it each server counts for itself, and goes on.
  redis.on('error', () => {});
  return redis;
}

/** Work on what a setting says. */
function checked<T>(field: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw invalid(field, (cause as Error).message, cause);
  }
}

async function needed<T>(field: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw invalid(field, `this needs the package "${name}": npm install ${name}`, cause);
  }
}

function invalid(field: string, why: string, cause?: unknown): StreamError {
  return new StreamError('config-invalid', `${field}: ${why}`, cause === undefined ? { field } : { field, cause });
}
