// Every case is one stage between a Subject and a subscriber, as `pipe(stage)`. `unit` is what its price is compared with
// and `bar` how much of it it may cost.
import * as rx from 'rxjs';
import * as z from 'zod';
import {
  assemble,
  batch,
  checkpoint,
  collect,
  dedupe,
  detectGaps,
  fanOut,
  gapTimeout,
  gate,
  heartbeat,
  idleTimeout,
  measure,
  progress,
  reorder,
  repair,
  resume,
  stamp,
  throttle,
  transcode,
  unwrap,
  validate,
  verify,
} from '../dist/operators/index.js';
import { createFlow } from '../dist/src/flow/index.js';
import { lines } from '../dist/src/format/lines.js';
import { utf8 } from '../dist/src/format/utf8.js';

const same = (value) => value;
const pass = (source) => source;
const nothing = () => {};
const seqOf = ({ seq }) => seq;
const dataOf = ({ data }) => data;
const place = z.object({ streamId: z.string(), seq: z.number(), data: z.string() });

// What no implementation can do without, and nothing else: where a bar is out of reach, these say why.

/** A chunk of a text, unchecked and uncounted, with the time. */
const dated = (data) => ({
  streamId: 'bench',
  seq: 0,
  type: 'text',
  data,
  final: false,
  size: 0,
  metadata: noMetadata,
  timestamp: Date.now(),
});
const noMetadata = Object.freeze({});

/** Puts in order as one would at first: with a Map of what is early. */
const reorderByMap = () => (source) =>
  new rx.Observable((destination) => {
    const early = new Map();
    let next = 0;
    return source.subscribe({
      next: (item) => {
        early.set(item.seq, item);
        for (let due = early.get(next); due !== undefined; due = early.get(next)) {
          early.delete(next++);
          destination.next(due);
        }
      },
      error: (error) => destination.error(error),
      complete: () => destination.complete(),
    });
  });

/** As little as it can be: a ring of slots, and nothing asked of the items. */
const reorderByRing = () => (source) =>
  new rx.Observable((destination) => {
    const slots = new Array(256).fill();
    let next = 0;
    return source.subscribe({
      next: (item) => {
        slots[item.seq & 255] = item;
        for (let due = slots[next & 255]; due !== undefined; due = slots[next & 255]) {
          slots[next++ & 255] = undefined;
          destination.next(due);
        }
      },
      error: (error) => destination.error(error),
      complete: () => destination.complete(),
    });
  });

/** Whether a key is none of the 1024 newest: one Set, which it is added to, and which the oldest leaves. */
function newKey(keyOf) {
  const keys = new Set();
  const newest = new Array(1024).fill();
  let at = 0;
  return (item) => {
    const key = keyOf(item);
    const { size } = keys;
    keys.add(key);
    if (keys.size === size) return false;
    if (size === newest.length) keys.delete(newest[at]);
    newest[at] = key;
    at = (at + 1) & (newest.length - 1);
    return true;
  };
}

/** What is pushed: `chunks` in order, the same `shuffled` in blocks of 64, or only their texts, as such, as `bytes`, as `lines`. */
export const cases = {
  'Subject alone': { stage: () => pass },
  'rxjs map': { stage: () => rx.map(same), unit: 'rxjs map' },
  'rxjs filter': { stage: () => rx.filter(Boolean), unit: 'rxjs map' },
  'rxjs bufferCount(16)': { stage: () => rx.bufferCount(16), unit: 'rxjs map' },
  'rxjs timeout({ each })': { stage: () => rx.timeout({ each: 60_000 }), unit: 'rxjs map' },
  'rxjs share': { stage: () => rx.share(), unit: 'rxjs map' },
  'rxjs share, 10 subscribers': { stage: () => rx.share(), subscribers: 10, unit: 'rxjs map' },
  'rxjs shareReplay(1000)': { stage: () => rx.shareReplay(1000), unit: 'rxjs map' },
  'rxjs shareReplay(1000), 10 subscribers': { stage: () => rx.shareReplay(1000), subscribers: 10, unit: 'rxjs map' },
  reorder: { stage: () => reorder(), unit: 'rxjs map', bar: 1 },
  'a Map, shuffled by 64': { stage: reorderByMap, input: 'shuffled', unit: 'rxjs map' },
  'reorder, shuffled by 64': { stage: () => reorder(), input: 'shuffled', unit: 'a Map, shuffled by 64', bar: 0.2 },
  'a ring, shuffled by 64, the least it takes': {
    stage: reorderByRing,
    input: 'shuffled',
    unit: 'a Map, shuffled by 64',
  },
  dedupe: { stage: () => dedupe(), unit: 'rxjs map', bar: 2 },
  'dedupe by key, texts': { stage: () => dedupe({ by: 'key', key: dataOf }), unit: 'rxjs map', bar: 2 },
  'dedupe by key, numbers': { stage: () => dedupe({ by: 'key', key: seqOf }), unit: 'rxjs map', bar: 2 },
  'dedupe by key, texts, the least it takes': { stage: () => rx.filter(newKey(dataOf)), unit: 'rxjs map' },
  gapTimeout: { stage: () => gapTimeout({ timeoutMs: 60_000 }), unit: 'rxjs map', bar: 2 },
  detectGaps: { stage: () => detectGaps(), unit: 'rxjs map', bar: 2 },
  repair: { stage: () => repair({ request: nothing }), unit: 'rxjs map', bar: 2 },
  'rxjs map, clock': { stage: () => rx.map((value) => (Date.now() > 0 ? value : undefined)), unit: 'rxjs map' },
  throttle: { stage: () => throttle({ perSecond: 1_000_000_000 }), unit: 'rxjs map, clock', bar: 2 },
  'verify, no checksums': { stage: () => verify(), unit: 'rxjs map', bar: 2 },
  unwrap: { stage: () => unwrap(), unit: 'rxjs map', bar: 2 },
  measure: { stage: () => measure({ probe: nothing }), unit: 'rxjs map', bar: 2 },
  heartbeat: { stage: () => heartbeat({ everyMs: 60_000, make: nothing }), unit: 'rxjs map', bar: 2 },
  idleTimeout: { stage: () => idleTimeout({ eachMs: 60_000 }), unit: 'rxjs map', bar: 2 },
  stamp: { stage: () => stamp({ streamId: 'bench' }), input: 'texts', unit: 'rxjs map', bar: 2 },
  'stamp, the least it takes': { stage: () => rx.map(dated), input: 'texts', unit: 'rxjs map' },
  'stamp, that and frozen': {
    stage: () => rx.map((data) => Object.freeze(dated(data))),
    input: 'texts',
    unit: 'rxjs map',
  },
  progress: { stage: () => progress({ probe: nothing }), unit: 'rxjs map', bar: 2 },
  checkpoint: { stage: () => checkpoint({ save: nothing }), unit: 'rxjs map', bar: 2 },
  resume: { stage: () => (source) => resume(() => source), unit: 'rxjs map', bar: 2 },
  'rxjs map, zod': { stage: () => rx.map((chunk) => place.safeParse(chunk).data), unit: 'rxjs map' },
  validate: { stage: () => validate(place), unit: 'rxjs map, zod', bar: 1.5 },
  'rxjs scan of texts': { stage: () => rx.scan((text, { data }) => text + data, ''), unit: 'rxjs map' },
  assemble: { stage: () => assemble({ delta: dataOf }), unit: 'rxjs scan of texts', bar: 4 },
  'rxjs toArray': { stage: () => rx.toArray(), unit: 'rxjs map' },
  collect: { stage: () => collect(), unit: 'rxjs toArray', bar: 2 },
  'rxjs map, TextDecoder': {
    stage: () => {
      const decoder = new TextDecoder('utf-8', { fatal: true });
      return rx.map((bytes) => decoder.decode(bytes, { stream: true }));
    },
    input: 'bytes',
    unit: 'rxjs map',
  },
  'transcode, UTF-8': { stage: () => transcode(utf8.decode), input: 'bytes', unit: 'rxjs map, TextDecoder', bar: 1.5 },
  'transcode, lines': { stage: () => transcode(lines.decode), input: 'lines', unit: 'rxjs map', bar: 10 },
  'batch of 16': { stage: () => batch({ maxItems: 16 }), unit: 'rxjs bufferCount(16)', bar: 1 },
  gate: { stage: () => gate({ flow: createFlow() }), unit: 'rxjs map', bar: 2 },
  fanOut: { stage: () => fanOut(), unit: 'rxjs share', bar: 1 },
  'fanOut, 10 subscribers': { stage: () => fanOut(), subscribers: 10, unit: 'rxjs share, 10 subscribers', bar: 1 },
  'fanOut, replay 1000': {
    stage: () => fanOut({ replay: { count: 1000 } }),
    unit: 'rxjs shareReplay(1000)',
    bar: 1,
  },
  'fanOut, replay 1000, 10 subscribers': {
    stage: () => fanOut({ replay: { count: 1000 } }),
    subscribers: 10,
    unit: 'rxjs shareReplay(1000), 10 subscribers',
    bar: 1,
  },
};
