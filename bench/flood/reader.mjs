import { WebSocket } from 'ws';
import { clock, madeAt } from '../harness/clock.mjs';
import { quantile } from '../harness/statistics.mjs';
import { stream } from './load.mjs';

const latencies = [];
const connects = [];
let recording = false;

/** Reads on over one connection, and opens others beside it. */
export async function connect(place) {
  await read(place, (chunk) => {
    if (recording) latencies.push(clock() - madeAt(chunk));
  });
  setInterval(async () => {
    const begun = clock();
    const socket = await read(place, () => {});
    if (recording) connects.push(clock() - begun);
    socket.close();
  }, 100);
}

/** Resolves with the first chunk. */
function read({ port, other }, got) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${other}` };
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'sluice.v1', { headers });
    socket.on('error', reject);
    socket.on('message', (message) => {
      for (const line of message.toString().split('\n')) hear(JSON.parse(line));
    });
    const hear = (frame) => {
      if (frame.t === 'welcome') {
        const wish = { t: 'subscribe', stream, from: 'now', chunks: 1_000_000, bytes: 1e12 };
        socket.send(JSON.stringify(wish));
      } else if (frame.t === 'data') {
        frame.chunks.forEach(got);
        resolve(socket);
      } else if (frame.t === 'error') reject(new Error(frame.message));
    };
  });
}

/** Begins to record, or ends it and answers what was recorded, in milliseconds. */
export function record(begin) {
  recording = begin;
  if (begin) return undefined;
  const p = (values, q) => quantile(values, q) / 1000;
  const answer = { p50: p(latencies, 0.5), p99: p(latencies, 0.99), connectMs: p(connects, 0.99) };
  latencies.length = connects.length = 0;
  return answer;
}
