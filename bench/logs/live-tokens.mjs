import { setTimeout as sleep } from 'node:timers/promises';
import { createChunk } from '../dist/src/chunk/index.js';
import { createStreams } from '../dist/src/streams/index.js';
import { quantile } from '../harness/statistics.mjs';
import { cpuUs } from './load.mjs';

const perSecond = 30;
const seconds = 5;

/** Produces tokens into streams over a log, each with a reader, and answers how long they took. */
export async function liveTokens(log, count) {
  const streams = createStreams({ log });
  await produce(streams, 'warm', count, 1);
  const before = cpuUs();
  const { first, later } = await produce(streams, 'measured', count, seconds);
  return {
    first: Math.max(...first),
    p50: quantile(later, 0.5),
    p99: quantile(later, 0.99),
    cpu: (cpuUs() - before) / (first.length + later.length),
  };
}

async function produce(streams, prefix, count, lasting) {
  const first = [];
  const later = [];
  const one = async (stream) => {
    // Not all in the same moment.
    await sleep((1000 / perSecond) * (stream / count));
    const streamId = `${prefix}/${stream}`;
    const tokens = perSecond * lasting;
    let done;
    const all = new Promise((resolve) => (done = resolve));
    const made = [];
    await streams.create(streamId);
    streams.receive(streamId).subscribe(({ data }) => {
      (data === '0' ? first : later).push(performance.now() - made[Number(data)]);
      if (Number(data) === tokens - 1) done();
    });
    const begun = performance.now();
    for (let n = 0; n < tokens; n++) {
      await sleep(Math.max(0, begun + (n * 1000) / perSecond - performance.now()));
      made.push(performance.now());
      void streams.publish(streamId, [createChunk({ streamId, seq: n, data: `${n}` })]);
    }
    await all;
  };
  await Promise.all(Array.from({ length: count }, (_, stream) => one(stream)));
  return { first, later };
}
