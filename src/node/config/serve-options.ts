import { StreamError } from '../../chunk/index.js';
import type { Log } from '../../log/log.js';
import { openLog } from '../open-log.js';
import type { ServeOptions } from '../serve.js';
import type { Config } from './config-schema.js';
import { readTls } from './read-tls.js';

/**
 * What `serve` is told by a configuration. The log and the pipelines are opened from files and addresses: by `openConfigLog`, and
 * by whoever loads pipelines.
 */
export function serveOptions(config: Config): ServeOptions {
  const { host, port, allowPublic, hosts, origins, maxConnections, staleMs, websocket, sse, streams } = config;
  const { headersTimeoutMs, requestTimeoutMs, longPollTimeoutMs, logPatienceMs, connect, h2c, http2 } = config;
  const tls = readTls(config.tls);
  const { overflow, maxChunks, maxBytes, ...limits } = streams;
  return {
    host,
    port,
    allowPublic,
    hosts,
    maxConnections,
    headersTimeoutMs,
    requestTimeoutMs,
    staleMs,
    logPatienceMs,
    connect,
    h2c,
    http2: { maxStreams: http2.maxStreams, highWaterMark: http2.bufferBytes },
    ...(tls === undefined ? {} : { tls }),
    ...(origins.length === 0 ? {} : { origins }),
    limits: { maxFrame: websocket.maxFrameBytes, pingMs: websocket.pingMs },
    highWaterMark: websocket.bufferBytes,
    perMessageDeflate: websocket.compression && { threshold: websocket.compressionThresholdBytes },
    eventStream: {
      heartbeatMs: sse.heartbeatMs,
      retryMs: sse.retryMs,
      windowChunks: sse.bufferChunks,
      windowBytes: sse.bufferBytes,
    },
    durable: { longPollTimeoutMs, heartbeatMs: sse.heartbeatMs },
    // Of those that drop the oldest the log itself sees to it.
    streamLimits: overflow === 'refuse' ? { ...limits, maxChunks, maxBytes } : limits,
    runs: {
      ...config.runs,
      watch: { heartbeatMs: sse.heartbeatMs, retryMs: sse.retryMs, pingMs: websocket.pingMs },
    },
  };
}

/** Opens the log that a configuration names. @throws as `openLog` does; {@link StreamError} `config-invalid` where it cannot drop chunks */
export async function openConfigLog({ log, streams }: Config): Promise<Log> {
  const { overflow, maxChunks, maxBytes } = streams;
  if (overflow === 'refuse') return await openLog(log);
  if (log !== 'memory') {
    const message = 'streams.overflow: only a log in memory drops the oldest; say refuse, or log = "memory"';
    throw new StreamError('config-invalid', message, { field: 'streams.overflow' });
  }
  const { createMemoryLog } = await import('../../log/memory.js');
  const bounds = { maxChunks, maxBytes };
  return createMemoryLog(Object.fromEntries(Object.entries(bounds).filter(([, most]) => most !== Infinity)));
}
