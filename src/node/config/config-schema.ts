import * as z from 'zod';
import { choice, flag, list, text, whole } from './setting.js';

const milliseconds = { max: 1_000_000_000 };
const unlimited = { infinite: true };

/**
 * Every setting of `sluice serve`, with its default: in a file as it stands here, in the environment as `SLUICE_WEBSOCKET_PING_MS`,
 * as a flag `--websocket-ping-ms`. A line here is all that a new one needs, and another where it is used (`serve-options.ts`).
 */
export const configSchema = z.strictObject({
  host: text('127.0.0.1', 'address to listen on'),
  port: whole(4437, 'port to listen on, 0 for a free one', { min: 0, max: 65_535 }),
  allowPublic: flag(false, 'let everybody who reaches the server do everything, where nobody is asked who he is'),
  hosts: list('names the server goes by, beside those of this machine, where it listens on loopback and asks nobody'),
  log: text('memory', 'where chunks are kept: memory, or the URL of a log', { secret: 'url' }),
  logPatienceMs: whole(5000, 'how long the log may not answer before everybody is sent to another gateway', {
    ...milliseconds,
    infinite: true,
  }),
  drainMs: whole(
    10_000,
    'how long those who are there may take to leave when the server is asked to stop',
    milliseconds,
  ),
  connect: flag(false, 'serve gRPC, gRPC-Web and Connect; gRPC needs `tls` or `h2c`'),
  h2c: flag(false, 'speak HTTP/2 without TLS as well, as clients of gRPC do'),
  tls: section({
    cert: text(undefined, 'file with the certificate of the server: with it everything is encrypted'),
    key: text(undefined, 'file with the key to the certificate'),
  }),
  auth: section({
    apiKeys: text(
      undefined,
      'file with API keys, a record of `sluice key` on each line: with it everybody is asked who he is',
    ),
    jwksUrl: text(undefined, 'where the keys are that sign JSON Web Tokens'),
    jwtPublicKey: text(undefined, 'file with the public key that signs them, in PEM'),
    jwtSecret: text(undefined, 'secret that signs them, of at least 32 bytes', { secret: true }),
    jwtAlgorithms: list('algorithms they may be signed with, such as ES256'),
    jwtIssuer: text(undefined, 'who must have issued them'),
    jwtAudience: text(undefined, 'whom they must be for'),
    signingKeys: list('keys that sign addresses of streams, each ID=SECRET', { secret: true }),
    guessesPerMinute: whole(
      60,
      'credentials that are not accepted and may come from one address in a minute; `Infinity` where a proxy stands before the server',
      unlimited,
    ),
  }),
  quotas: section({
    store: text('off', 'where it is counted what each may do: off, memory, or the URL of a Redis', { secret: 'url' }),
    connections: whole(1000, 'connections at the same time', unlimited),
    subscriptions: whole(10_000, 'streams read at the same time', unlimited),
    requestsPerMinute: whole(6000, 'requests over HTTP in a minute'),
    framesPerMinute: whole(120_000, 'frames over WebSocket in a minute'),
    chunksPerMinute: whole(600_000, 'chunks written in a minute'),
    bytesPerMinute: whole(2 ** 30, 'bytes written in a minute'),
    streamsPerHour: whole(10_000, 'streams created in an hour'),
    readBytesPerDay: whole(Infinity, 'bytes read in a day: who has had them is cut off', unlimited),
  }),
  pipelines: list('files with pipelines that may be started over HTTP: JSON, YAML, or modules that export them'),
  module: text(undefined, 'module that exports the `types` of their steps and the `services` they work with'),
  origins: list('pages of other hosts that may connect'),
  maxConnections: whole(10_000, 'connections at the same time'),
  longPollTimeoutMs: whole(20_000, 'how long a long-poll over HTTP waits', milliseconds),
  headersTimeoutMs: whole(10_000, 'how long a client may take to send the headers of a request', milliseconds),
  requestTimeoutMs: whole(60_000, 'how long a client may take to send a whole request', milliseconds),
  staleMs: whole(Infinity, 'fail a stream that gets no chunk for so long', { ...milliseconds, infinite: true }),
  websocket: section({
    pingMs: whole(30_000, 'a client must say something at least this often; over HTTP/2, answer a ping', milliseconds),
    maxFrameBytes: whole(65_536, 'longest message of a client', { min: 1024 }),
    bufferBytes: whole(1 << 20, 'what may wait for a slow socket before it is held back'),
    compression: flag(false, 'compress messages (permessage-deflate): costs memory and time for every connection'),
    compressionThresholdBytes: whole(1024, 'messages that are shorter are not compressed', { min: 0 }),
  }),
  http2: section({
    maxStreams: whole(250, 'requests that one connection of HTTP/2 may have under way', { max: 2 ** 31 - 1 }),
    bufferBytes: whole(32 << 20, 'what may wait unsent for one connection of HTTP/2, over all its requests'),
  }),
  sse: section({
    heartbeatMs: whole(
      15_000,
      'how long nothing is sent before a comment shows that the connection lives',
      milliseconds,
    ),
    retryMs: whole(1000, 'how long a browser waits before it comes back', { min: 0, ...milliseconds }),
    bufferChunks: whole(256, 'chunks that may be on their way to a slow reader'),
    bufferBytes: whole(256 * 1024, 'bytes that may be on their way to a slow reader'),
  }),
  streams: section({
    maxStreams: whole(Infinity, 'streams kept at the same time', unlimited),
    maxChunkBytes: whole(Infinity, 'longest chunk', unlimited),
    maxChunks: whole(Infinity, 'chunks of one stream', unlimited),
    maxBytes: whole(Infinity, 'bytes of one stream', unlimited),
    overflow: choice(
      ['refuse', 'drop-oldest'],
      'refuse',
      'what becomes of a chunk beyond `maxChunks` or `maxBytes`; the oldest go only from a log in memory',
    ),
  }),
  telemetry: section({
    enabled: flag(true, 'measure, and show it at /metrics'),
    streamLabels: whole(0, 'streams that metrics name, those furthest behind', { min: 0, max: 1000 }),
    refreshMs: whole(5000, 'how old may be what is found out by listing streams', milliseconds),
    logLevel: choice(
      ['off', 'error', 'warn', 'info'],
      'off',
      'lines of JSON on standard error; needs the package `pino`',
    ),
    logLinesPerSecond: whole(100, 'lines in one second; more are counted and not written'),
    openTelemetry: flag(
      false,
      'hand spans and measurements to the SDK of OpenTelemetry that the process was started with',
    ),
  }),
  runs: section({
    maxRuns: whole(10_000, 'runs that were started here and go on'),
    maxWatching: whole(10_000, 'connections that watch runs'),
    takeOver: flag(true, 'go on with runs of these pipelines when their process has died'),
    leaseMs: whole(30_000, 'how long the process of a run counts as alive without a word', milliseconds),
    keepMs: whole(3_600_000, 'how long a run is kept behind its end', unlimited),
  }),
});

/** What `sluice serve` goes by, every setting filled in. */
export type Config = z.output<typeof configSchema>;

/** What a configuration file may say: `export default { port: 80 } satisfies ConfigInput`. */
export type ConfigInput = z.input<typeof configSchema>;

function section<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape).prefault({} as never);
}
