import { kindOf, StreamError, toStreamError } from '../chunk/index.js';
import type { Log } from '../log/log.js';
import { createMemoryLog } from '../log/memory.js';

/** A kind of log, found by the scheme of its URL. */
interface LogKind {
  /** How its URL is written. */
  readonly form: string;
  /** Whether a URL of its scheme is whole. */
  readonly fits: RegExp;
  /** The optional peer dependencies it stands on. */
  readonly needs?: readonly string[];
  /** Opens what stands behind the scheme and its colon. */
  readonly open: (place: string, url: string) => Promise<Log>;
}

const kinds: Readonly<Record<string, LogKind>> = {
  memory: { form: 'memory', fits: /^memory$/, open: async () => createMemoryLog() },
  lmdb: {
    form: 'lmdb:DIR',
    fits: /^lmdb:./,
    needs: ['lmdb'],
    open: async (folder) => await (await import('../log/lmdb.js')).createLmdbLog(folder),
  },
  redis: { form: 'redis://HOST:PORT', fits: /^redis:\/\/./, needs: ['ioredis'], open: openRedis },
  rediss: { form: 'rediss://HOST:PORT', fits: /^rediss:\/\/./, needs: ['ioredis'], open: openRedis },
  nats: {
    form: 'nats://HOST:PORT',
    fits: /^nats:\/\/./,
    needs: ['@nats-io/transport-node', '@nats-io/jetstream'],
    open: openNats,
  },
};

/** Opens a log in Redis, and looks whether somebody answers: better now than when the first chunk comes. */
async function openRedis(_place: string, url: string): Promise<Log> {
  const [{ Redis }, { createRedisLog }] = await Promise.all([import('ioredis'), import('../log/redis.js')]);
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null });
  let why: unknown = undefined;
  client.on('error', (error) => (why = error));
  try {
    await client.connect();
  } catch (error) {
    throw toStreamError(why ?? error, 'log-unavailable');
  } finally {
    client.disconnect();
  }
  return createRedisLog(client);
}

/** Opens a log in NATS, and looks whether JetStream answers. A server that is silent for 10 s is taken to be gone. */
async function openNats(_place: string, url: string): Promise<Log> {
  const [{ connect }, { createNatsLog }] = await Promise.all([
    import('@nats-io/transport-node'),
    import('../log/nats.js'),
  ]);
  const { host, username, password } = new URL(url);
  const [user, pass] = [username, password].map(decodeURIComponent);
  const account = user === '' ? {} : pass === '' ? { token: user! } : { user: user!, pass: pass! };
  // Its client does not notice that a connection breaks while it is being made: it waits as long as it may.
  const patience = { maxReconnectAttempts: -1, reconnectTimeWait: 250, pingInterval: 5000, timeout: 5000 };
  // A trace kept for every request, should it fail, costs more than the request.
  const haste = { noAsyncTraces: true };
  let log: Log | undefined;
  try {
    const connection = await connect({ servers: host, ...account, ...patience, ...haste });
    log = createNatsLog(connection, { closeConnection: true });
    await log.list('none');
    return log;
  } catch (error) {
    await log?.dispose();
    throw toStreamError(error, 'log-unavailable');
  }
}

/** The forms that {@link openLog} understands, for messages and help. */
export const logForms: string = Object.values(kinds)
  .map(({ form }) => form)
  .join(', ');

/**
 * Opens a log by its URL.
 *
 * | URL | log |
 * |---|---|
 * | `memory` | in memory, gone with the process |
 * | `lmdb:DIR` | in a folder, which is made when it is not there; needs the package `lmdb` |
 * | `redis://HOST:PORT` | in Redis, shared by all who open it; needs the package `ioredis`. `rediss:` over TLS |
 * | `nats://HOST:PORT` | in NATS JetStream, shared by all who open it; needs `@nats-io/transport-node` and `@nats-io/jetstream` |
 *
 * @throws TypeError when `url` is no string, RangeError when it has none of these forms; rejects as the log does that it
 *   opens, and with `log-unavailable` when the package it needs is not installed
 *
 * @example
 * const server = await serve({ log: await openLog('lmdb:./streams') });
 */
export async function openLog(url: string): Promise<Log> {
  if (typeof url !== 'string') throw new TypeError(`log must be a string, got ${kindOf(url)}`);
  const [scheme = ''] = url.split(':', 1);
  const kind = Object.hasOwn(kinds, scheme) ? kinds[scheme] : undefined;
  // What stands behind the scheme may hold a password: no message repeats it.
  if (kind?.fits.test(url) !== true) throw new RangeError(`log must be one of ${logForms}, got "${scheme}"`);
  try {
    return await kind.open(url.slice(scheme.length + 1), url);
  } catch (cause) {
    const { form, needs = [] } = kind;
    if (!needs.some((name) => isMissing(cause, name))) throw cause;
    const [packages, names] = [needs.length > 1 ? 'packages' : 'package', needs.map((name) => `"${name}"`)];
    const message = `a log of the form ${form} needs the ${packages} ${names.join(' and ')}: npm install ${needs.join(' ')}`;
    throw new StreamError('log-unavailable', message, { cause });
  }
}

function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${name}'`);
}
