import { createChunk, encodeChunk } from '../dist/src/chunk/index.js';
import { openLog } from '../dist/src/node/open-log.js';
import { clock, timestampOf } from '../harness/clock.mjs';
import { pace } from '../logs-redis/pace.mjs';
import { nameOf, perSecond, streams } from './load.mjs';

const data = 'x'.repeat(200);
let log;
let stop;

export async function open(url) {
  log = await openLog(url);
  for (let stream = 0; stream < streams; stream++) await log.create(nameOf(stream));
}

export function start() {
  stop = pace(streams, perSecond, (stream) => {
    const chunk = createChunk({ streamId: nameOf(stream), seq: 0, data, timestamp: timestampOf(clock()) });
    void log.append(nameOf(stream), [encodeChunk(chunk)]);
  });
}

export const pause = () => stop();
