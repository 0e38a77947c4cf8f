import { pipe } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { gapTimeout, reorder, unwrap } from '../../operators/index.js';
import type { Notice } from '../../src/chunk/index.js';
import { end, expectPicture, gap, type Item, listen, streamError } from './alphabet.js';

describe('gapTimeout with reorder behind it', () => {
  // The design has the time limit within reorder and reports gaps beside the stream. Here the gaps travel in the stream: they
  // have a line of their own, the lines of the chunks are those of the design.
  const skipping = pipe(gapTimeout<Item>({ timeoutMs: 5, action: 'skip' }), reorder());

  it('goes on behind a gap when the time is up', () =>
    expectPicture(skipping, {
      source: '      -b-c---------d|',
      subscription: '^-------------!',
      result: '      ------(bc)---d|',
      gaps: '        ------G-------|',
      values: { G: gap(0, 1) },
    }));

  it('gives each hole its own time', () =>
    expectPicture(skipping, {
      source: '      b-d------e|',
      subscription: '^---------!',
      result: '      -----b-d-e|',
      gaps: '        -----G-H--|',
      values: { G: gap(0, 1), H: gap(2, 3) },
    }));

  it('takes what comes just in time', () =>
    expectPicture(skipping, {
      source: '      -b---a---|',
      subscription: '^--------!',
      result: '      -----(ab)|',
    }));

  it('drops what comes after its place was given up', () => {
    const { probe, heard } = listen('reorder');
    expectPicture(pipe(gapTimeout<Item>({ timeoutMs: 5, action: 'skip' }), reorder({ probe })), {
      source: '      -b-----a--c|',
      subscription: '^----------!',
      result: '      ------b---c|',
      gaps: '        ------G----|',
      values: { G: gap(0, 1) },
    });
    expect(heard.slice(0, 1)).toEqual([{ type: 'late', seq: 0 }]);
  });

  it('ends with the error when it is to fail', () =>
    expectPicture(pipe(gapTimeout<Item>({ timeoutMs: 5 }), reorder()), {
      source: '      -b-c------',
      subscription: '^-----!',
      result: '      ------#',
      error: streamError('gap', 'chunk 0 '),
    }));

  it('lets the source and the timer go when unsubscribed', () =>
    expectPicture(skipping, {
      source: '      -b-c------',
      consumer: '    ^---!',
      subscription: '^---!',
      result: '      ----------',
    }));

  it('ends behind the last gap', () =>
    expectPicture(
      pipe(gapTimeout<Item | Notice>({ timeoutMs: 5, action: 'skip' }), reorder(), unwrap({ onGap: 'pass' })),
      {
        source: '      -a-E-c---------',
        subscription: '^-------!',
        result: '      -a------(c|)',
        gaps: '        --------(G|)',
        values: { E: end(3), G: gap(1, 2) },
      },
    ));
});
