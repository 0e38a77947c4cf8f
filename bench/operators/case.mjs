// Runs one case in a process of its own: the CPU time of an item, many times over.
import { Subject } from 'rxjs';
import { createChunk } from '../dist/src/chunk/index.js';
import { cases } from './cases.mjs';

const items = 20_000;
const passes = 10;
const samples = 40;

const chunks = Array.from({ length: items }, (_, seq) =>
  createChunk({ streamId: 'bench', seq, data: `word ${seq}`, timestamp: 1_700_000_000_000 }),
);
const inputs = {
  chunks: () => chunks,
  texts: () => chunks.map(({ data }) => data),
  bytes: () => chunks.map(({ data }) => new TextEncoder().encode(data)),
  lines: () => chunks.map(({ data }) => `${data}\n`),
  shuffled: () => shuffledBy(chunks, 64),
};

/** Nanoseconds of CPU an item took, in each of many samples. */
export function nanoseconds(name) {
  const { stage, input = 'chunks', subscribers = 1 } = cases[name];
  const values = inputs[input]();
  return Array.from({ length: samples }, () => {
    const before = process.cpuUsage();
    for (let pass = 0; pass < passes; pass++) push(values, stage, subscribers);
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / (items * passes);
  });
}

let sum = 0;

function push(values, stage, subscribers) {
  const source = new Subject();
  const piped = source.pipe(stage());
  // What comes is looked at, as everybody would: or the first to look would pay for the memory it has to be fetched from.
  for (let i = 0; i < subscribers; i++) {
    piped.subscribe((item) => {
      sum += item.seq ?? item.length;
    });
  }
  for (let i = 0; i < values.length; i++) source.next(values[i]);
  source.complete();
  if (Number.isNaN(sum)) throw new Error('something arrived that is no chunk');
}

function shuffledBy(values, block) {
  let state = 1;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const shuffled = [...values];
  for (let start = 0; start < shuffled.length; start += block) {
    for (let i = Math.min(block, shuffled.length - start) - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [shuffled[start + i], shuffled[start + j]] = [shuffled[start + j], shuffled[start + i]];
    }
  }
  return shuffled;
}
