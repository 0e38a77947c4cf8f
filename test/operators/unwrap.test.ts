import { from } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../operators/index.js';
import type { Notice } from '../../src/chunk/index.js';
import { StreamError } from '../../src/chunk/index.js';
import { operatorLaws } from '../../src/testing/index.js';
import { end, gap, type Item, item, mark, expectPicture, streamError } from './alphabet.js';

const values = { G: gap(1, 3), E: end(2), M: mark(2) };

describe('unwrap', () => {
  it('lets chunks pass and marks not', () =>
    expectPicture(unwrap(), {
      source: '      -a-M-b|',
      subscription: '^-----!',
      result: '      -a---b|',
      values,
    }));

  it('completes at the end of the stream, and lets the source go', () =>
    expectPicture(unwrap(), {
      source: '      -a-b-E--a-',
      subscription: '^----!',
      result: '      -a-b-|',
      values,
    }));

  it('ends with an error at a gap, naming the chunks and why', () =>
    expectPicture(unwrap(), {
      source: '      -a-G-b|',
      subscription: '^--!',
      result: '      -a-#',
      values,
      error: streamError('gap', 'unwrap: chunks 1 to 2 of "s" will not come: not here in time'),
    }));

  it.each([
    ['trimmed', 'no longer kept'],
    ['dropped', 'dropped on the way'],
    ['timeout', 'not here in time'],
  ] as const)('says of a gap that was %s: %s', (reason, words) =>
    expectPicture(unwrap(), {
      source: '      -G',
      subscription: '^!',
      result: '      -#',
      values: { G: gap(0, 1, reason) },
      error: streamError('gap', `chunk 0 of "s" will not come: ${words}`),
    }),
  );

  it('goes on behind a gap when asked to skip it', () =>
    expectPicture(unwrap({ onGap: 'skip' }), {
      source: '      -a-G-d|',
      subscription: '^-----!',
      result: '      -a---d|',
      values,
    }));

  it('lets a gap pass when asked to', () =>
    expectPicture(unwrap({ onGap: 'pass' }), {
      source: '      -a-G-d-E-',
      subscription: '^------!',
      result: '      -a-G-d-|',
      values,
    }));

  const refused = new StreamError('stream-not-found', 'gone');
  it.each([
    ['failed', undefined, streamError('stream-failed', 'the stream "s" failed before chunk 1')],
    ['cancelled', undefined, streamError('stream-cancelled', 'the stream "s" was cancelled before chunk 1')],
    ['failed', refused, refused],
    ['cancelled', refused, refused],
  ] as const)('ends with an error when the stream %s, its own where it has one', (status, error, expected) =>
    expectPicture(unwrap(), {
      source: '      -a-E--',
      subscription: '^--!',
      result: '      -a-#',
      values: { E: end(1, status, error) },
      error: expected,
    }),
  );

  it('says in its error which stream ended, and where', () => {
    const heard: unknown[] = [];
    from([end(4, 'failed')])
      .pipe(unwrap())
      .subscribe({ error: (error: unknown) => heard.push(error) });
    expect(heard).toMatchObject([{ details: { streamId: 's', seq: 4 } }]);
  });

  it('takes an item with a kind of its own for an item', () => {
    const seen: unknown[] = [];
    from([{ kind: 'gap' }, { kind: 'end' }])
      .pipe(unwrap())
      .subscribe((value) => seen.push(value));
    expect(seen).toEqual([{ kind: 'gap' }, { kind: 'end' }]);
  });

  it('refuses another onGap', () => {
    expect(() => unwrap({ onGap: 'ignore' as 'skip' })).toThrow(
      new TypeError('onGap must be "error", "skip" or "pass"'),
    );
  });

  operatorLaws<Item | Notice, Item>('unwrap', () => unwrap<Item | Notice>(), {
    item,
    holds: 0,
  });
});
