import { NEVER, type Observable } from 'rxjs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import {
  assemble,
  type Assembled,
  checkpoint,
  collect,
  type InvalidItem,
  progress,
  resume,
  transcode,
  validate,
  type ValidItem,
} from '../../operators/index.js';
import type { Chunk, JsonValue, Notice } from '../../src/chunk/index.js';
import { chain, each } from '../../src/format/codec.js';
import { createCodecs, type StandardFormats } from '../../src/format/codecs.js';
import type { IncomingEvent } from '../../src/format/event-stream.js';
import { lines } from '../../src/format/lines.js';
import { sse } from '../../src/format/sse.js';
import { utf8 } from '../../src/format/utf8.js';

const bytes$: Observable<Uint8Array> = NEVER;
const text$: Observable<string> = NEVER;
const unknown$: Observable<unknown> = NEVER;
const items$: Observable<Chunk | Notice> = NEVER;
const pages$: Observable<{ readonly page: number }> = NEVER;
const schema = z.object({ at: z.coerce.number() });

describe('types of the shaping operators', () => {
  it('say what a schema makes, and which notices are left', () => {
    expectTypeOf(unknown$.pipe(validate(schema))).toEqualTypeOf<Observable<{ at: number }>>();
    expectTypeOf(items$.pipe(validate(schema))).toEqualTypeOf<Observable<{ at: number } | Notice>>();
    expectTypeOf(unknown$.pipe(validate(schema, { onInvalid: 'result' }))).toEqualTypeOf<
      Observable<ValidItem<{ at: number }> | InvalidItem>
    >();
    // @ts-expect-error -- there is no such choice
    expect(() => validate(schema, { onInvalid: 'pass' })).toThrow(TypeError);
  });

  it('lead from bytes to what they say', () => {
    expectTypeOf(bytes$.pipe(transcode(utf8.decode), transcode(lines.decode))).toEqualTypeOf<Observable<string>>();
    expectTypeOf(bytes$.pipe(transcode(sse.decode))).toEqualTypeOf<Observable<IncomingEvent>>();
    const lengths = chain(
      utf8.decode,
      each((text) => text.length),
    );
    expectTypeOf(bytes$.pipe(transcode(lengths))).toEqualTypeOf<Observable<number>>();
    // @ts-expect-error -- lines are of text, not of bytes
    bytes$.pipe(transcode(lines.decode));
    // @ts-expect-error -- bytes come out, text goes in
    chain(utf8.encode, lines.decode);
  });

  it('know the formats of the registry', () => {
    expectTypeOf(bytes$.pipe(transcode(createCodecs().find('sse', 'json')))).toEqualTypeOf<Observable<JsonValue>>();
    const mine = createCodecs<StandardFormats & { readonly page: number }>();
    expectTypeOf(mine.add('page', 'text', each(String))).toEqualTypeOf(mine);
    // @ts-expect-error -- nobody has told of pages
    expect(() => createCodecs().find('page', 'text')).toThrow(RangeError);
    // @ts-expect-error -- a page is a number
    mine.add('page', 'text', utf8.decode);
  });

  it('name the texts by their keys', () => {
    const delta = (text: string) => text;
    expectTypeOf(text$.pipe(assemble({ delta }))).toEqualTypeOf<Observable<Assembled>>();
    expectTypeOf(text$.pipe(assemble({ delta, key: (text) => text.length }))).toEqualTypeOf<
      Observable<Assembled<number>>
    >();
    // @ts-expect-error -- nothing is assembled of nothing
    expect(() => assemble({})).toThrow(TypeError);
  });

  it('say what is collected', () => {
    expectTypeOf(pages$.pipe(collect())).toEqualTypeOf<Observable<{ readonly page: number }[]>>();
    expectTypeOf(text$.pipe(collect({ as: 'text' }))).toEqualTypeOf<Observable<string>>();
    expectTypeOf(bytes$.pipe(collect({ as: 'bytes' }))).toEqualTypeOf<Observable<Uint8Array>>();
    // @ts-expect-error -- bytes are no text
    bytes$.pipe(collect({ as: 'text' }));
  });

  it('ask for the position where items do not carry one', () => {
    const save = (position: number) => position;
    expectTypeOf(items$.pipe(checkpoint({ save }))).toEqualTypeOf<Observable<Chunk | Notice>>();
    expectTypeOf(pages$.pipe(checkpoint({ save, position: ({ page }) => page }))).toEqualTypeOf<typeof pages$>();
    expectTypeOf(resume(() => items$)).toEqualTypeOf<Observable<Chunk | Notice>>();
    const pages = resume(({ cursor }: { readonly cursor: string | undefined }) => (cursor === '' ? NEVER : pages$), {
      cursor: ({ page }) => `${page}`,
    });
    expectTypeOf(pages).toEqualTypeOf<typeof pages$>();
    // @ts-expect-error -- a page has no seq
    pages$.pipe(checkpoint({ save }));
    // @ts-expect-error -- a page has no seq
    resume(() => pages$);
  });

  it('leave items as they are', () => {
    expectTypeOf(pages$.pipe(progress({ probe: () => {} }))).toEqualTypeOf<typeof pages$>();
    // @ts-expect-error -- without a probe it would be for nothing
    expect(() => progress({})).toThrow(TypeError);
  });
});
