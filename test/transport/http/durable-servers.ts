import { DurableStreamTestServer } from '@durable-streams/server';
import { createMemoryLog } from '../../../src/log/memory.js';
import { serve } from '../../../src/node/serve.js';

/** A server of the Durable Streams protocol, on a free port of the loopback. */
export interface DurableServer {
  /** Address of a stream that nobody has used. */
  fresh(): string;
  close(): Promise<void>;
}

const longPollTimeoutMs = 500;

/** Those a client must get along with: the reference, and ours. */
export const durableServers: readonly (readonly [string, () => Promise<DurableServer>])[] = [
  [
    'the reference server',
    async () => {
      const server = new DurableStreamTestServer({ host: '127.0.0.1', port: 0, longPollTimeout: longPollTimeoutMs });
      return serverAt(await server.start(), () => server.stop());
    },
  ],
  [
    'our server',
    async () => {
      const server = await serve({ port: 0, log: createMemoryLog(), durable: { longPollTimeoutMs } });
      return serverAt(server.url, () => server.close());
    },
  ],
];

function serverAt(base: string, close: () => Promise<void>): DurableServer {
  let streams = 0;
  return { fresh: () => `${base}/v1/stream/test/${streams++}`, close };
}
