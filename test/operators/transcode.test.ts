import fc from 'fast-check';
import { from, lastValueFrom, Subject, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { transcode, type TranscodeOptions } from '../../operators/index.js';
import { type Codec, each } from '../../src/format/codec.js';
import { lines } from '../../src/format/lines.js';
import { ndjson } from '../../src/format/ndjson.js';
import { sse } from '../../src/format/sse.js';
import { utf8 } from '../../src/format/utf8.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';
import { bytesOf, cuts, pieces, text } from '../format/pieces.js';
import { streamError } from './alphabet.js';

/** Each item twice, as an object in between, and once more at the end. */
const twice: Codec<number, number> = {
  create() {
    let last = 0;
    return {
      *push(n) {
        last = n;
        yield n;
        yield n;
      },
      flush: () => [last],
    };
  },
};
const boomAt = (at: 'create' | 'push' | 'flush', boom: () => never): Codec<number, number> => ({
  create: () => (at === 'create' ? boom() : { push: (n) => (at === 'push' ? boom() : [n]), flush: boom }),
});

operatorLaws<number>('transcode', () => transcode(each((n) => n)), {
  flat: true,
  throwing: {
    create: (boom) => transcode(boomAt('create', boom)),
    push: (boom) => transcode(boomAt('push', boom)),
    flush: (boom) => transcode(boomAt('flush', boom)),
  },
});
operatorLaws<number>('transcode', () => transcode(twice), {
  expected: (items) => [...items.flatMap((n) => [n, n]), items.at(-1) ?? 0],
  delayed: true,
});
operatorLaws<object>('transcode', () => transcode(each((item) => item)), { item: (n) => ({ n }), holds: 0 });

/** Checks a picture on a cold and on a hot source. */
function picture<I>(
  codec: Codec<I, unknown>,
  shown: { source: string; subscription: string; result: string; values: object; error?: unknown },
  options?: TranscodeOptions,
): void {
  for (const temperature of ['cold', 'hot'] as const) {
    marbles(({ expectObservable, expectSubscriptions, ...make }) => {
      const input = make[temperature]<I>(shown.source, shown.values as Record<string, I>);
      expectObservable(input.pipe(transcode(codec, options))).toBe(shown.result, shown.values, shown.error);
      expectSubscriptions(input.subscriptions).toBe(shown.subscription);
    });
  }
}

const [first, second] = [Uint8Array.of(0xc3), Uint8Array.of(0xa9)];

describe('transcode', () => {
  it('waits for the rest of a character', () =>
    picture(utf8.decode, {
      source: '      -x-y-|',
      subscription: '^----!',
      result: '      ---z-|',
      values: { x: first, y: second, z: 'é' },
    }));

  it('fails where the end cuts a character off', () =>
    picture(utf8.decode, {
      source: '      -x-|',
      subscription: '^--!',
      result: '      ---#',
      values: { x: first },
      error: streamError('data-malformed', 'within a character'),
    }));

  it('makes of what is cut off what it is told to', () => {
    const shown = { source: '-x-|', subscription: '^--!', values: { x: first, y: '\ufffd' } };
    picture(utf8.decode, { ...shown, result: '---(y|)' }, { onTruncated: 'emit' });
    picture(utf8.decode, { ...shown, result: '---|' }, { onTruncated: 'drop' });
    picture(utf8.decode, { ...shown, result: '---(y|)' }, { fatal: false });
  });

  it('emits all that an input completes, and what is left at the end', () =>
    picture(lines.decode, {
      source: '      -x---y----|',
      subscription: '^---------!',
      result: '      -----(pq)-(r|)',
      values: { x: 'ab', y: 'c\nd\ne', p: 'abc', q: 'd', r: 'e' },
    }));

  it('emits nothing of what is left when the source fails', () =>
    picture(lines.decode, {
      source: '      -x-#',
      subscription: '^--!',
      result: '      ---#',
      values: { x: 'ab' },
    }));

  it('fails behind what came before a frame that is too large', () =>
    picture(
      lines.decode,
      {
        source: '      -x-y-|',
        subscription: '^--!',
        result: '      ---(p#)',
        values: { x: 'ab', y: '\nabcd\nc', p: 'ab' },
        error: streamError('overflow', 'maxFrameBytes = 3'),
      },
      { maxFrameBytes: 3 },
    ));

  it('stops in the middle of an input when its consumer has enough', () => {
    const made: string[] = [];
    const watched: Codec<string, string> = {
      create: () => ({
        *push(input) {
          for (const letter of input) {
            made.push(letter);
            yield letter;
          }
        },
        flush: () => ['end'],
      }),
    };
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-x---|', { x: 'abc' });
      expectObservable(source.pipe(transcode(watched), take(1))).toBe('-(a|)');
      expectSubscriptions(source.subscriptions).toBe('^!');
    });
    expect(made).toEqual(['a']);
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('-x-|', { x: 'a' }).pipe(transcode(watched), take(2))).toBe('-a-(b|)', {
        a: 'a',
        b: 'end',
      });
    });
  });

  it('lets nothing overtake what an input still has to give', () => {
    const source = new Subject<string>();
    const seen: string[] = [];
    source.pipe(transcode(lines.decode)).subscribe({
      next: (line) => {
        seen.push(line);
        if (line === 'a') source.next('c\nd');
        if (line === 'b') source.complete();
      },
      complete: () => seen.push('complete'),
    });
    source.next('a\nb\n');
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'complete']);
  });

  it('emits no more once it failed, or its consumer was served, in the middle of an input', () => {
    const source = new Subject<string>();
    const seen: unknown[] = [];
    source.pipe(transcode(lines.decode)).subscribe({
      next: (line) => {
        seen.push(line);
        source.next('c\n');
        source.error('failed');
      },
      error: (error) => seen.push(error),
    });
    source.next('a\nb\n');
    expect(seen).toEqual(['a', 'failed']);
  });

  it('emits nothing of what is left once its consumer was served, though the source completed', () => {
    const source = new Subject<string>();
    const seen: string[] = [];
    const subscription = source.pipe(transcode(lines.decode)).subscribe((line) => {
      seen.push(line);
      source.complete();
      subscription.unsubscribe();
    });
    source.next('a\nb\nc');
    expect(seen).toEqual(['a']);
  });

  it('fails when its consumer brings about too much while it is served', () => {
    const source = new Subject<string>();
    const seen: unknown[] = [];
    source.pipe(transcode(lines.decode, { maxPending: 2 })).subscribe({
      next: (line) => {
        seen.push(line);
        for (const more of ['x\n', 'y\n', 'z\n']) source.next(more);
      },
      error: (error) => seen.push(error),
    });
    source.next('a\nb\n');
    expect(seen).toEqual(['a', streamError('overflow', 'maxPending = 2')]);
    expect(source.observed).toBe(false);
  });

  it('reads a stream of server-sent events as the plainest program would', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text), cuts, async (all, places) => {
        const values = all.map((data) => ({ data }));
        const events = values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join('');
        const json = each(({ data }: { data: string }) => JSON.parse(data) as unknown);
        const source = from(pieces(bytesOf(events), places));
        expect(await lastValueFrom(source.pipe(transcode(sse.decode), transcode(json), toArray()))).toEqual(values);
      }),
    );
  });

  it('goes there and back', async () => {
    const values = [{ a: 1 }, ['b\n'], null];
    const round = from(values).pipe(transcode(ndjson.encode), transcode(ndjson.decode), toArray());
    expect(await lastValueFrom(round)).toEqual(values);
  });

  it.each([
    ['no codec', undefined, {}, 'codec must have a create method, got undefined'],
    ['what is none', {}, {}, 'codec must have a create method, got an object'],
    ['maxFrameBytes', lines.decode, { maxFrameBytes: 0 }, 'maxFrameBytes must be a whole number of at least 1'],
    ['onTruncated', lines.decode, { onTruncated: 'skip' }, 'onTruncated must be "error", "emit" or "drop"'],
    ['fatal', lines.decode, { fatal: 1 }, 'fatal must be true or false'],
    ['maxPending', lines.decode, { maxPending: 0 }, 'maxPending must be a whole number of at least 1'],
  ])('refuses %s at call time', (_, codec, options, message) => {
    expect(() => transcode(codec as never, options as never)).toThrow(message);
  });
});
