// Ten million chunks through ten stages, with gaps, duplicates and repairs on the way: what the heap holds in between.
import { filter, map, Subject, tap } from 'rxjs';
import { setImmediate as turn } from 'node:timers/promises';
import { createChunk } from '../dist/src/chunk/index.js';
import {
  dedupe,
  fanOut,
  gapTimeout,
  idleTimeout,
  measure,
  repair,
  reorder,
  unwrap,
  verify,
} from '../dist/operators/index.js';

const step = 1_000_000;
const streamId = 'bench';
const nobody = () => {};
const make = (seq) => createChunk({ streamId, seq, data: `word ${seq}`, checksum: seq % 64 === 0 });

const madeAgain = ({ from, to }) => Array.from({ length: to - from }, (_, i) => make(from + i));

/** Chunks out, and MiB of heap after a collection, after every million in. */
export async function measureHeap(total) {
  const source = new Subject();
  let out = 0;
  let next = 0;
  source
    .pipe(
      verify(),
      dedupe(),
      repair({ request: (ranges) => ranges.flatMap(madeAgain) }),
      gapTimeout({ timeoutMs: 10_000 }),
      reorder({ window: 8192 }),
      unwrap(),
      measure({ probe: nobody }),
      idleTimeout({ eachMs: 60_000 }),
      fanOut({ replay: { count: 1000 } }),
      filter((chunk) => chunk.seq >= 0),
      map((chunk) => chunk.seq),
      tap((seq) => {
        if (seq !== next++) throw new Error(`expected chunk ${next - 1}, got ${seq}`);
      }),
    )
    .subscribe({ next: () => out++, error: (error) => process.stderr.write(`${error.stack}\n`) });
  const figures = [];
  for (let seq = 0; seq < total; seq++) {
    // One in a thousand is lost and asked for again; one in a thousand comes twice; neighbours change places.
    if (seq % 1000 !== 500) source.next(make(seq));
    if (seq % 1000 === 700) source.next(make(seq - 1));
    if (seq % 500 === 499) await turn();
    if ((seq + 1) % step !== 0) continue;
    await turn();
    globalThis.gc();
    figures.push({ in: seq + 1, out, heap: process.memoryUsage().heapUsed / (1 << 20) });
  }
  source.complete();
  return figures;
}
