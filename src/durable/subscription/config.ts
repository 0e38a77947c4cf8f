import { kindOf, nameProblem } from '../../chunk/index.js';
import { Refusal } from '../reply.js';
import { isOurs } from '../request.js';
import { webhookProblem } from './webhook-url.js';

/** @internal What a subscription is created with. */
export interface SubscriptionConfig {
  readonly type: 'webhook' | 'pull-wake';
  readonly pattern: string | null;
  /** Sorted, each once. */
  readonly streams: readonly string[];
  /** Where it is told, for webhooks. */
  readonly webhook: string | null;
  /** Where it is told, for the others. */
  readonly wakeStream: string | null;
  readonly leaseMs: number;
  readonly description: string | null;
}

const defaultLeaseMs = 30_000;
const maxStreams = 1000;
const maxDescription = 1024;

function invalid(message: string): Refusal {
  return new Refusal(400, 'INVALID_REQUEST', message);
}

/** @internal Reads what a subscription is to be created with. A {@link Refusal} says what is wrong. */
export function readConfig(value: unknown, allowLocal: boolean): SubscriptionConfig {
  const { type, pattern = null, streams = [], webhook, wake_stream, lease_ttl_ms, description = null } = object(value);
  if (type !== 'webhook' && type !== 'pull-wake') throw invalid('type must be "webhook" or "pull-wake"');
  if (pattern !== null && (typeof pattern !== 'string' || nameProblem(pattern) !== undefined)) {
    throw invalid('pattern must be a path, in which * stands for a segment and ** for any number of them');
  }
  if (description !== null && (typeof description !== 'string' || description.length > maxDescription)) {
    throw invalid(`description must be a string of at most ${maxDescription} characters`);
  }
  const paths = readPaths(streams);
  if (pattern === null && paths.length === 0) throw invalid('there must be a pattern or streams');
  return {
    type,
    pattern,
    streams: paths,
    webhook: type === 'webhook' ? readWebhook(webhook, allowLocal) : null,
    wakeStream: type === 'pull-wake' ? readPath('wake_stream', wake_stream) : null,
    leaseMs: lease_ttl_ms === undefined ? defaultLeaseMs : readLease(lease_ttl_ms),
    description,
  };
}

/** @internal Reads a body that must be a JSON object. */
export function object(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(`the body must be a JSON object, got ${kindOf(value)}`);
}

/** @internal Reads names of streams: sorted, each once. */
export function readPaths(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > maxStreams)
    throw invalid(`streams must be a list of at most ${maxStreams}`);
  return [...new Set(value.map((path) => readPath('streams', path)))].toSorted();
}

function readPath(field: string, value: unknown): string {
  const problem = nameProblem(value);
  if (problem !== undefined) throw invalid(`${field}: a stream's path ${problem}`);
  if (!isOurs(value as string)) return value as string;
  throw invalid(`${field}: what is below __ds and sluice is no application's stream`);
}

function readWebhook(value: unknown, allowLocal: boolean): string {
  const { url } = object(value ?? {});
  if (typeof url !== 'string') throw invalid('webhook.url must be a string');
  const problem = webhookProblem(url, allowLocal);
  if (problem !== undefined) throw new Refusal(400, 'WEBHOOK_URL_REJECTED', `webhook.url is refused: ${problem}`);
  return url;
}

function readLease(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1000 && (value as number) <= 600_000) return value as number;
  throw invalid('lease_ttl_ms must be a whole number from 1000 to 600000');
}

/** @internal Whether two configurations are the same. */
export function sameConfig(a: SubscriptionConfig, b: SubscriptionConfig): boolean {
  const text = ({ type, pattern, streams, webhook, wakeStream, leaseMs, description }: SubscriptionConfig): string =>
    JSON.stringify([type, pattern, streams, webhook, wakeStream, leaseMs, description]);
  return text(a) === text(b);
}
