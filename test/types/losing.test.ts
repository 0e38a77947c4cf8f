import { NEVER, type Observable, of } from 'rxjs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  backpressure,
  detectGaps,
  gate,
  type HoleClosed,
  type HoleOpened,
  repair,
  reorder,
  throttle,
  unwrap,
} from '../../operators/index.js';
import type { Chunk, Gap, Notice } from '../../src/chunk/index.js';
import { createFlow } from '../../src/flow/index.js';

/** An item of the user's own, which says its number in its own way. */
interface Page {
  readonly page: number;
}

const items$: Observable<Chunk | Notice> = NEVER;
const chunks$: Observable<Chunk> = NEVER;
const pages$: Observable<Page> = NEVER;

describe('types of the operators for what is lost', () => {
  it('lead from repair to chunks without a cast, whatever the answer is', () => {
    const answers = { observable: () => chunks$, promise: async () => [] as Chunk[], none: () => {} };
    expectTypeOf(items$.pipe(repair({ request: answers.observable }))).toEqualTypeOf<Observable<Chunk | Notice>>();
    expectTypeOf(items$.pipe(repair({ request: answers.none }), reorder(), unwrap())).toEqualTypeOf<
      Observable<Chunk>
    >();
    expectTypeOf(chunks$.pipe(repair({ request: () => NEVER }))).toEqualTypeOf<Observable<Chunk | Gap>>();
    // @ts-expect-error -- a promise of many is no promise of one
    chunks$.pipe(repair({ request: answers.promise }));
    // @ts-expect-error -- an answer brings what the stream does
    chunks$.pipe(repair({ request: () => of('text') }));
    // @ts-expect-error -- without a request there is no repair
    expect(() => chunks$.pipe(repair({}))).toThrow(TypeError);
  });

  it('ask for the number where items do not carry one', () => {
    pages$.pipe(repair({ request: () => pages$, seq: (page) => page.page }));
    pages$.pipe(detectGaps({ seq: (page) => page.page }));
    // @ts-expect-error -- a page has no seq
    pages$.pipe(repair({ request: () => pages$ }));
    // @ts-expect-error -- a page has no seq
    pages$.pipe(detectGaps());
  });

  it('say that holes are shown', () => {
    expectTypeOf(chunks$.pipe(detectGaps())).toEqualTypeOf<Observable<Chunk | HoleOpened | HoleClosed>>();
    // @ts-expect-error -- a hole that opens has no number: nobody can put it in order
    chunks$.pipe(detectGaps(), reorder());
  });

  it('show a gap where one is announced, and else not', () => {
    expectTypeOf(chunks$.pipe(throttle({ perSecond: 1 }))).toEqualTypeOf<Observable<Chunk>>();
    expectTypeOf(chunks$.pipe(throttle({ perSecond: 1, announce: true }))).toEqualTypeOf<Observable<Chunk | Gap>>();
    expectTypeOf(chunks$.pipe(backpressure((chunk) => [chunk.seq]))).toEqualTypeOf<Observable<number>>();
    const flow = createFlow();
    expectTypeOf(chunks$.pipe(gate({ flow }))).toEqualTypeOf<Observable<Chunk>>();
    expectTypeOf(chunks$.pipe(gate({ flow, announce: true }))).toEqualTypeOf<Observable<Chunk | Gap>>();
    // @ts-expect-error -- a flow is needed
    expect(() => gate({})).toThrow(TypeError);
    // @ts-expect-error -- a rate is needed
    expect(() => throttle({})).toThrow(TypeError);
  });

  it('know the items in functions of the user', () => {
    const merge = (waiting: Chunk, item: Chunk) => (waiting.final ? waiting : item);
    pages$.pipe(throttle({ perSecond: 1, cost: (page) => page.page }));
    chunks$.pipe(throttle({ perSecond: 1, overflow: 'batch', merge }));
    chunks$.pipe(backpressure((chunk) => [chunk], { overflow: 'batch', merge }));
    // @ts-expect-error -- pages are no chunks
    pages$.pipe(throttle({ perSecond: 1, overflow: 'batch', merge }));
    // @ts-expect-error -- pages are no chunks
    pages$.pipe(backpressure((page) => [page], { overflow: 'batch', merge }));
  });
});
