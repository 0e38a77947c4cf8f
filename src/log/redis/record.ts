import type { EndStatus, StreamInfo, Tally } from '../../chunk/index.js';
import type { StreamConfig } from '../log.js';
import type { RedisReply } from './client.js';

/** @internal Fields of a stream's hash that tell what is known of it, in the order {@link infoOf} takes them. */
export const recordFields = [
  'life',
  'config',
  'createdAt',
  'first',
  'next',
  'size',
  'lastChunkAt',
  'status',
  'reason',
  'endedAt',
] as const;

/** @internal A checked configuration as text: the same one is always the same text. */
export function configText(config: StreamConfig): string {
  return JSON.stringify(config, (_, value: unknown) => (value === Infinity ? 'Infinity' : value));
}

/** @internal One stream as its hash tells of it: `undefined` where there is none. */
export function infoOf(streamId: string, reply: RedisReply): StreamInfo | undefined {
  const [life, config, createdAt, first, next, size, lastChunkAt, status, reason, endedAt] = (
    reply as readonly (Buffer | null)[]
  ).map((field) => field?.toString());
  if (life === undefined) return undefined;
  const { expectedChunks, expectedBytes, ttlMs: _, ...labels } = JSON.parse(config!) as StreamConfig;
  return {
    streamId,
    life,
    ...labels,
    status: (status as EndStatus | undefined) ?? 'active',
    createdAt: Number(createdAt),
    // Each comes from the clock of the process that did it: what happened later is not shown as earlier.
    ...(lastChunkAt === undefined ? {} : { lastChunkAt: latest(createdAt, lastChunkAt) }),
    ...(reason === undefined ? {} : { reason }),
    ...(endedAt === undefined ? {} : { endedAt: latest(createdAt, lastChunkAt, endedAt) }),
    first: Number(first),
    next: Number(next),
    chunks: tally(expectedChunks, Number(next)),
    bytes: tally(expectedBytes, Number(size)),
  };
}

function tally(expected: number | undefined, received: number): Tally {
  return expected === undefined ? { received } : { expected, received, missing: Math.max(0, expected - received) };
}

function latest(...times: readonly (string | undefined)[]): number {
  return Math.max(...times.map((time) => Number(time ?? 0)));
}
