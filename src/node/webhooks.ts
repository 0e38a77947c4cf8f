import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { type ClientRequest, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { checkBound, kindOf } from '../chunk/index.js';
import type { Webhooks } from '../durable/index.js';
import type { Refusals } from '../probe/index.js';
import { isClosedAddress, isLocal, webhookProblem } from '../durable/subscription/webhook-url.js';

/** Options of {@link nodeWebhooks}. */
export interface NodeWebhooksOptions {
  /**
   * The Ed25519 key that signs, as PEM (PKCS 8). Servers that share a log share it, and keep it over restarts: what an earlier key
   * has signed is no longer verified, and its workers lose their leases. Default: a new one.
   */
  readonly signingKey?: string;
  /** Whether webhooks may be on this machine, as `localhost` or `127.0.0.x`: for development. Default `true`. */
  readonly allowLocal?: boolean;
  /** Counts addresses that are refused. */
  readonly refusals?: Pick<Refusals, 'count'>;
  /** How long a webhook has to answer, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
}

/** Longest answer of a webhook that is read. */
const maxAnswer = 64 * 1024;

/**
 * Keys for subscriptions of the Durable Streams protocol, and a way to call webhooks that reaches nothing but the internet, and
 * this machine under the names that development uses.
 *
 * @example
 * createDurableStreams({ streams, webhooks: nodeWebhooks({ signingKey: process.env.SIGNING_KEY }) });
 */
export function nodeWebhooks(options: NodeWebhooksOptions = {}): Webhooks {
  const key = readKey(options.signingKey);
  const { crv = '', kty = '', x = '' } = createPublicKey(key).export({ format: 'jwk' });
  // The thumbprint of RFC 7638: the same key has the same name everywhere.
  const kid = `ds_${createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url').slice(0, 22)}`;
  const secret = createHash('sha256')
    .update('sluice tokens')
    .update(key.export({ format: 'der', type: 'pkcs8' }))
    .digest();
  const allowLocal = options.allowLocal ?? true;
  const refused = (): void => options.refusals?.count('webhook');
  const timeoutMs = checkBound('timeoutMs', options.timeoutMs ?? 10_000);
  return {
    kid,
    allowLocal,
    jwk: { kty, crv, x },
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64url'),
    seal: (text) => createHmac('sha256', secret).update(text).digest('base64url'),
    post: (url, body, headers) => post(url, body, headers, { timeoutMs, allowLocal, refused }),
  };
}

function readKey(pem: string | undefined): KeyObject {
  if (pem === undefined) return generateKeyPairSync('ed25519').privateKey;
  if (typeof pem !== 'string') throw new TypeError(`signingKey must be a string, got ${kindOf(pem)}`);
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(pem);
  } catch {
    // What is wrong with it must not be said: the message might hold some of it.
  }
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new TypeError('signingKey must be an Ed25519 private key in PEM');
}

function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  { timeoutMs, allowLocal, refused }: { timeoutMs: number; allowLocal: boolean; refused: () => void },
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    // It came from the books, which others can write.
    const problem = webhookProblem(url, allowLocal);
    if (problem !== undefined) {
      refused();
      throw new Error(problem);
    }
    const { protocol, hostname } = new URL(url);
    const options = {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false as const,
      ...(isLocal(hostname) ? {} : { lookup: openLookup(lookup, refused) }),
    };
    const request = protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options);
    request.on('response', ({ statusCode = 0 }) => {
      // Where it leads was looked at by nobody, and nobody follows.
      if (statusCode >= 300 && statusCode < 400) refused();
    });
    const timer = setTimeout(() => request.destroy(new Error('the webhook does not answer')), timeoutMs);
    request.on('error', reject);
    request.on('close', () => {
      clearTimeout(timer);
      // Once an answer has begun, that it ends too early is no error of the request.
      reject(new Error('the webhook has hung up'));
    });
    receive(request, resolve, reject);
    request.end(body);
  });
}

function receive(
  request: ClientRequest,
  resolve: (answer: { status: number; body: string }) => void,
  reject: (error: Error) => void,
): void {
  request.on('response', (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      body += text;
      if (body.length <= maxAnswer) return;
      reject(new Error('the webhook says too much'));
      request.destroy();
    });
    response.on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
  });
}

/** How names are resolved: as `lookup` of `node:dns` does. */
type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * @internal Resolves names, and refuses those that lead into a network that only we can reach: also when the name changes its
 * mind between two looks, because there is one.
 */
export function openLookup(resolve: Resolve, refused: () => void = () => {}): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const open = addresses.filter(({ address }) => !isClosedAddress(address));
      const [first] = open;
      if (first === undefined) {
        refused();
        return callback(new Error(`${hostname} is not on the internet`), []);
      }
      if (options.all === true) callback(null, open);
      else callback(null, first.address, first.family);
    });
  };
}
