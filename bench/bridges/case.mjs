// Runs one way from a source to a loop in a process of its own: the CPU time of an item, many times over.
import { Subject } from 'rxjs';
import { bufferedValuesFrom, eachValueFrom } from 'rxjs-for-await';
import { createFlow } from '../dist/src/flow/index.js';
import { toBatches } from '../dist/src/source/batches.js';
import { fromPull, toAsyncIterable } from '../dist/src/source/iterable.js';

const samples = 15;
const items = 100_000;

async function* counted(length) {
  for (let item = 0; item < length; item++) yield item;
}

async function drain(iterable) {
  let sum = 0;
  for await (const item of iterable) sum += item;
  return sum;
}

async function drainBatches(iterable) {
  let sum = 0;
  for await (const batch of iterable) for (const item of batch) sum += item;
  return sum;
}

/** Everything waits before the first is taken. */
function backlog(take) {
  const source = new Subject();
  const iterator = take(source)[Symbol.asyncIterator]();
  const first = iterator.next();
  for (let item = 0; item < items; item++) source.next(item);
  source.complete();
  return { first, iterator };
}

async function drainBacklog(take) {
  const { first, iterator } = backlog(take);
  let sum = 0;
  for (let result = await first; !result.done; result = await iterator.next()) {
    if (typeof result.value === 'number') sum += result.value;
    else for (const item of result.value) sum += item;
  }
  return sum;
}

const cases = {
  'async generator, for await': () => drain(counted(items)),
  'fromPull → toAsyncIterable, with a flow': () => {
    const flow = createFlow();
    return drain(toAsyncIterable(fromPull(counted(items), { flow }), { capacity: 64, flow }));
  },
  'fromPull → toBatches, with a flow': () => {
    const flow = createFlow();
    return drainBatches(toBatches(fromPull(counted(items), { flow }), { capacity: 64, flow }));
  },
  'backlog: eachValueFrom': () => drainBacklog(eachValueFrom),
  'backlog: bufferedValuesFrom': () => drainBacklog(bufferedValuesFrom),
  'backlog: toAsyncIterable': () => drainBacklog((source) => toAsyncIterable(source, { capacity: items })),
  'backlog: toBatches': () => drainBacklog((source) => toBatches(source, { capacity: items })),
};

export const names = () => Object.keys(cases);

/** Nanoseconds of CPU an item took, in each of several samples. */
export async function nanoseconds(name) {
  const expected = (items * (items - 1)) / 2;
  const taken = [];
  for (let sample = 0; sample < samples; sample++) {
    const before = process.cpuUsage();
    const sum = await cases[name]();
    const { user, system } = process.cpuUsage(before);
    if (sum !== expected) throw new Error(`${name} lost something: ${sum} is not ${expected}`);
    taken.push(((user + system) * 1000) / items);
  }
  return taken;
}
