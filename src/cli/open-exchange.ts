import { openLog } from '../node/open-log.js';
import { openQueue } from '../node/open-queue.js';
import type { Queue } from '../queue/queue.js';
import { createStreams, type Streams } from '../streams/index.js';
import { ofFlag } from './of-flag.js';

/** Where an exchange is, by the flags of a command. */
export interface ExchangeFlags {
  readonly queue: string;
  readonly queueName: string;
  readonly leaseMs: number;
  readonly log: string;
}

/** Where callers and actors meet. */
export interface Exchange {
  /** Calls go through it. */
  readonly queue: Queue;
  /** What actors say is kept in them. */
  readonly streams: Streams;
  dispose(): Promise<void>;
}

/** Opens both, or neither: a queue that is left open would keep the process. */
export async function openExchange({ queue: url, queueName, leaseMs, log }: ExchangeFlags): Promise<Exchange> {
  const queue = await ofFlag('--queue', () => openQueue(url, queueName, { leaseMs }));
  try {
    const streams = createStreams({ log: await ofFlag('--log', () => openLog(log)) });
    const dispose = async (): Promise<void> => {
      await queue.dispose();
      await streams.dispose();
    };
    return { queue, streams, dispose };
  } catch (error) {
    await queue.dispose();
    throw error;
  }
}
