import { describe } from 'vitest';
import { createMemoryQueue } from '../../src/queue/memory.js';
import { queueLaws } from '../../src/testing/queue-laws.js';
import { VirtualTime } from '../virtual-time.js';

describe('createMemoryQueue', () => {
  queueLaws('a queue in memory', (options) => {
    const time = new VirtualTime();
    return { queue: createMemoryQueue({ ...options, scheduler: time }), advance: (ms) => time.pass(ms) };
  });
});
