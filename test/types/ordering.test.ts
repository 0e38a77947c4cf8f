import { NEVER, type Observable, of } from 'rxjs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { dedupe, gapTimeout, reorder, stamp, unwrap, verify } from '../../operators/index.js';
import { type Chunk, type End, type Gap, type Notice, StreamError } from '../../src/chunk/index.js';

/** An item of the user's own, which says its number in its own way. */
interface Page {
  readonly page: number;
}

const items$: Observable<Chunk | Notice> = NEVER;
const chunks$: Observable<Chunk> = NEVER;
const pages$: Observable<Page> = NEVER;

describe('types of the ordering operators', () => {
  it('lead from items to chunks without a cast', () => {
    const chain$ = items$.pipe(verify(), dedupe(), gapTimeout({ timeoutMs: 1 }), reorder(), unwrap());
    expectTypeOf(chain$).toEqualTypeOf<Observable<Chunk>>();
  });

  it('say which notices are left', () => {
    expectTypeOf(items$.pipe(dedupe())).toEqualTypeOf<Observable<Chunk | Notice>>();
    expectTypeOf(items$.pipe(gapTimeout({ timeoutMs: 1 }))).toEqualTypeOf<Observable<Chunk | End | Gap>>();
    expectTypeOf(items$.pipe(reorder())).toEqualTypeOf<Observable<Chunk | End | Gap>>();
    expectTypeOf(chunks$.pipe(reorder())).toEqualTypeOf<Observable<Chunk | Gap>>();
    expectTypeOf(items$.pipe(unwrap({ onGap: 'pass' }))).toEqualTypeOf<Observable<Chunk | Gap>>();
    expectTypeOf(items$.pipe(unwrap({ onGap: 'skip' }))).toEqualTypeOf<Observable<Chunk>>();
    // @ts-expect-error -- there is no such choice
    expect(() => unwrap({ onGap: 'ignore' })).toThrow(TypeError);
  });

  it('ask for the number where items do not carry one', () => {
    const ordered$ = pages$.pipe(reorder({ seq: (page) => page.page }), unwrap());
    expectTypeOf(ordered$).toEqualTypeOf<Observable<Page>>();
    expectTypeOf(pages$.pipe(dedupe({ seq: (page) => page.page }))).toEqualTypeOf<Observable<Page>>();
    pages$.pipe(gapTimeout({ timeoutMs: 1, seq: (page) => page.page }));
    // @ts-expect-error -- a page has no seq
    pages$.pipe(reorder());
    // @ts-expect-error -- a page has no seq
    pages$.pipe(dedupe());
    // @ts-expect-error -- a page has no seq
    pages$.pipe(gapTimeout({ timeoutMs: 1 }));
  });

  it('never hand a notice to a function of the user', () => {
    items$.pipe(
      dedupe({ seq: (item) => expectTypeOf(item).toEqualTypeOf<Chunk>() && item.seq }),
      dedupe({ by: 'key', key: (item) => expectTypeOf(item).toEqualTypeOf<Chunk>() }),
      reorder({ size: (item) => expectTypeOf(item).toEqualTypeOf<Chunk>() && item.size }),
    );
  });

  it('tell deduplication by number and by key apart', () => {
    pages$.pipe(dedupe({ by: 'key', key: (page) => page.page, ttlMs: 1 }));
    // @ts-expect-error -- a key needs a function
    expect(() => dedupe<Page>({ by: 'key' })).toThrow(TypeError);
    // @ts-expect-error -- numbers do not age
    dedupe<Chunk>({ ttlMs: 1 });
  });

  it('make chunks of data only', () => {
    expectTypeOf(of('a', { b: [1] }, new Uint8Array()).pipe(stamp({ streamId: 's' }))).toEqualTypeOf<
      Observable<Chunk>
    >();
    // @ts-expect-error -- JSON cannot hold it
    of(() => 1).pipe(stamp({ streamId: 's' }));
    // @ts-expect-error -- a name is missing
    expect(() => stamp({})).toThrow(StreamError);
  });

  it('verify chunks only', () => {
    expectTypeOf(chunks$.pipe(verify())).toEqualTypeOf<Observable<Chunk>>();
    // @ts-expect-error -- a page has no checksum
    pages$.pipe(verify());
  });
});
