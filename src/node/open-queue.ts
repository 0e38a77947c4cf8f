import { kindOf, StreamError, toStreamError } from '../chunk/index.js';
import type { Queue, QueueOptions } from '../queue/queue.js';

/** Options of {@link openQueue}. */
export interface OpenQueueOptions extends Pick<QueueOptions, 'leaseMs' | 'maxAttempts'> {
  /** How long its server may be silent before a call fails with `queue-unavailable`. Default 10 000. */
  readonly patienceMs?: number;
}

/** The forms that {@link openQueue} understands, for messages and help. */
export const queueForms = 'redis://HOST:PORT, rediss://HOST:PORT, nats://HOST:PORT';

/**
 * Opens a queue by the URL of its server: `redis://HOST:PORT`, or `rediss:` over TLS, needs the package `bullmq`;
 * `nats://HOST:PORT` needs `@nats-io/transport-node` and `@nats-io/jetstream`.
 *
 * @param name - which queue there
 * @throws TypeError when `url` is no string, RangeError when it has none of these forms; rejects with `queue-unavailable` when the server
 *   does not answer or a package is not installed
 *
 * @example
 * const queue = await openQueue('redis://127.0.0.1:6379', 'actors');
 */
export async function openQueue(url: string, name: string, options: OpenQueueOptions = {}): Promise<Queue> {
  if (typeof url !== 'string') throw new TypeError(`queue must be a string, got ${kindOf(url)}`);
  const [scheme = ''] = url.split(':', 1);
  const open = openers.get(scheme);
  // What stands behind the scheme may hold a password: no message repeats it.
  if (open === undefined || !URL.canParse(url) || new URL(url).hostname === '') {
    throw new RangeError(`queue must be one of ${queueForms}, got "${scheme}"`);
  }
  try {
    return await open(new URL(url), name, options);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND')
      throw toStreamError(cause, 'queue-unavailable');
    const needs = scheme === 'nats' ? '@nats-io/transport-node @nats-io/jetstream' : 'bullmq';
    throw new StreamError('queue-unavailable', `a queue of this form needs: npm install ${needs}`, { cause });
  }
}

const openers: ReadonlyMap<string, (url: URL, name: string, options: OpenQueueOptions) => Promise<Queue>> = new Map([
  ['redis', openRedis],
  ['rediss', openRedis],
  ['nats', openNats],
]);

async function openRedis(url: URL, name: string, options: OpenQueueOptions): Promise<Queue> {
  const [bullmq, { createBullmqQueue }] = await Promise.all([import('bullmq'), import('../queue/bullmq.js')]);
  const { hostname, port, username, password, pathname, protocol } = url;
  const account = {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  };
  const place = { host: hostname, port: port === '' ? 6379 : Number(port), db: Number(pathname.slice(1)) };
  const connection = { ...place, ...account, ...(protocol === 'rediss:' ? { tls: {} } : {}) };
  return await answering(createBullmqQueue(name, { ...options, bullmq: bullmq as never, connection }));
}

async function openNats(url: URL, name: string, options: OpenQueueOptions): Promise<Queue> {
  const [{ connect }, { createNatsQueue }] = await Promise.all([
    import('@nats-io/transport-node'),
    import('../queue/nats.js'),
  ]);
  const [user, pass] = [url.username, url.password].map(decodeURIComponent);
  const account = user === '' ? {} : pass === '' ? { token: user! } : { user: user!, pass: pass! };
  const connection = await connect({ servers: url.host, ...account, maxReconnectAttempts: -1, timeout: 5000 });
  const queue = createNatsQueue(name, { ...options, connection });
  const dispose = queue.dispose.bind(queue);
  // The connection is nobody else's.
  const disposeAll = async (): Promise<void> => {
    await dispose();
    await connection.close();
  };
  return await answering(Object.assign(queue, { dispose: disposeAll }));
}

/** Looks whether somebody answers: better now than when the first job comes. */
async function answering(queue: Queue): Promise<Queue> {
  try {
    await queue.counts();
    return queue;
  } catch (error) {
    await queue.dispose();
    throw error;
  }
}
