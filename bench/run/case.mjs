// A pipeline of steps that keep the processor busy for a millisecond each, many runs that wait at once, and runs that are watched.
import { WebSocket } from 'ws';
import { createMemoryLog } from '../dist/src/log/memory.js';
import { createRuns, pipeline, runPipeline } from '../dist/src/run/index.js';
import { serve } from '../dist/src/node/index.js';
import { createStreams } from '../dist/src/streams/index.js';

const steps = 50;
const rounds = 150;
/** Until then the compiler is at work. */
const warmUp = 50;

/** Spins a number of times that takes about a millisecond here, so that what a step costs does not depend on the clock. */
let sink = 0;
function spin(times) {
  for (let i = 0; i < times; i++) sink = (sink * 31 + i) | 0;
}
let times = 100_000;
for (let i = 0; i < 20; i++) spin(times);
const since = process.cpuUsage();
for (let i = 0; i < 200; i++) spin(times);
times = Math.round((times * 200_000) / cpuSince(since));

function cpuSince(begun) {
  const { user, system } = process.cpuUsage(begun);
  return user + system;
}

function busy(n) {
  spin(times);
  return n + 1;
}

const work = Array.from({ length: steps }).reduce((before, _, i) => before.step(`s${i}`, busy), pipeline('work'));

/** What runs the steps, by name. */
const ways = {
  'by hand': async () => {
    let n = 0;
    for (let i = 0; i < steps; i++) n = await busy(n);
    return n;
  },
  'streaming off': () => runPipeline(work, 0),
  'streaming on, events in memory': () => {
    const events = [];
    return runPipeline(work, 0, { sink: { next: (event) => events.push(event) } });
  },
  'a run, kept in memory': () => {
    const streams = createStreams({ log: createMemoryLog() });
    return createRuns({ streams, leaseMs: Infinity }).start(work, 0).result;
  },
};

/** CPU microseconds of a step, its own millisecond included, of every way in turn: ratios are of the same moment. */
export async function microseconds() {
  const figures = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let i = 0; i < rounds; i++) {
    for (const [name, way] of Object.entries(ways)) {
      const begun = process.cpuUsage();
      if ((await way()) !== steps) throw new Error('not all steps were run');
      if (i >= warmUp) figures[name].push(cpuSince(begun) / steps);
    }
  }
  return figures;
}

/** Bytes of heap and milliseconds that a run costs which waits for somebody, and for it to go on, with so many at once. */
export async function manyRuns(count) {
  const streams = createStreams({ log: createMemoryLog({ maxStreams: 100_000 }) });
  const runs = createRuns({ streams, leaseMs: 3_600_000 });
  const waiting = pipeline('waiting')
    .step('ask', (_, { waitFor }) => waitFor('go'))
    .step('add', (n) => n + 1);
  const settle = async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    globalThis.gc();
  };
  await settle();
  const before = process.memoryUsage().heapUsed;
  const begun = performance.now();
  const all = Array.from({ length: count }, (_, i) => runs.start(waiting, i));
  await Promise.all(all.map((run) => run.begun));
  const started = performance.now();
  await settle();
  const held = process.memoryUsage().heapUsed - before;
  const asked = performance.now();
  await Promise.all(all.map(({ executionId }, i) => runs.answer(executionId, 'go', i)));
  const results = await Promise.all(all.map(({ result }) => result));
  if (results.some((result, i) => result !== i + 1)) throw new Error('a run came to something else');
  return {
    heap: held / count,
    startMs: (started - begun) / count,
    goOnMs: (performance.now() - asked) / count,
  };
}

/**
 * Milliseconds from a step's word to whoever watches, in this process and over a WebSocket to it: so many runs at once, each of which
 * says something every few milliseconds.
 */
export async function latencies({ runs: count = 20, everyMs = 10, seconds = 10 } = {}) {
  const speaking = pipeline('speaking').step('talk', async (_, { emit }) => {
    const until = performance.now() + seconds * 1000;
    while (performance.now() < until) {
      emit('said', { at: performance.now() });
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  });
  const server = await serve({ port: 0, runs: { pipelines: [speaking], leaseMs: 600_000 } });
  const figures = { 'in process': [], 'over WebSocket': [] };
  const heard = (name, { event_type: type, data }) => {
    if (type === 'said') figures[name].push(performance.now() - data.at);
  };
  const begun = Array.from({ length: count }, () => server.runs.start(speaking, undefined));
  await Promise.all(begun.map((run) => run.begun));
  const watched = begun.flatMap(({ executionId }) => [
    new Promise((resolve, reject) => {
      const next = (event) => heard('in process', event);
      server.runs.events(executionId).subscribe({ next, error: reject, complete: resolve });
    }),
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws/pipeline/${executionId}?from=now`);
      socket.on('message', (text) => heard('over WebSocket', JSON.parse(text)));
      socket.on('error', reject);
      socket.on('close', resolve);
    }),
  ]);
  await Promise.all(watched);
  await server.close();
  return figures;
}
