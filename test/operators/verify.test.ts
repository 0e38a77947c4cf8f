import { from } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { verify, type VerifyOptions } from '../../operators/index.js';
import {
  type Chunk,
  type ChecksumAlgorithm,
  crc32cChecksum,
  createChunk,
  type Notice,
  sha256Checksum,
} from '../../src/chunk/index.js';
import { operatorLaws } from '../../src/testing/index.js';
import { end, gap, listen, mark, expectPicture, streamError } from './alphabet.js';

function chunk(seq: number, checksum: boolean | ChecksumAlgorithm = true): Chunk {
  return createChunk({ streamId: 's', seq, data: `chunk ${seq}`, timestamp: 0, checksum });
}

const values: Readonly<Record<string, Chunk | Notice>> = {
  a: chunk(0),
  b: chunk(1, sha256Checksum),
  c: createChunk({ streamId: 's', seq: 2, data: new Uint8Array([1, 2]), timestamp: 0, checksum: true }),
  d: createChunk({ streamId: 's', seq: 3, data: { a: [1] }, timestamp: 0, checksum: true }),
  n: chunk(4, false),
  x: { ...chunk(5), data: 'chunk five' } as Chunk,
  u: { ...chunk(6), checksum: 'md5:00' },
  w: { ...chunk(7), checksum: 'crc32c' },
  G: gap(0, 1),
  E: end(2),
  M: mark(1),
};

const both = [crc32cChecksum, sha256Checksum];

describe('verify', () => {
  it('lets matching chunks and notices pass, at once and unchanged', () =>
    expectPicture(verify({ missing: 'fail', algorithms: both }), {
      source: '      -a-b-(cd)-G-E-M|',
      subscription: '^--------------!',
      result: '      -a-b-(cd)-G-E-M|',
      values,
    }));

  it('ends with an error that names stream and number on a mismatch', () =>
    expectPicture(verify(), {
      source: '      -a-x-a|',
      subscription: '^--!',
      result: '      -a-#',
      values,
      error: streamError('chunk-corrupt', 'verify: chunk 5 of "s" does not match its crc32c checksum'),
    }));

  it('drops a mismatch when asked to', () =>
    expectPicture(verify({ onMismatch: 'drop' }), {
      source: '      -a-x-a|',
      subscription: '^-----!',
      result: '      -a---a|',
      values,
    }));

  it('lets a chunk without checksum pass', () =>
    expectPicture(verify(), {
      source: '      -n|',
      subscription: '^-!',
      result: '      -n|',
      values,
    }));

  it('takes a missing checksum for a mismatch when asked to', () =>
    expectPicture(verify({ missing: 'fail' }), {
      source: '      -a-n|',
      subscription: '^--!',
      result: '      -a-#',
      values,
      error: streamError('chunk-corrupt', 'verify: chunk 4 of "s" has no checksum'),
    }));

  it('drops a chunk without checksum when asked for both', () =>
    expectPicture(verify({ missing: 'fail', onMismatch: 'drop' }), {
      source: '      -a-n-a|',
      subscription: '^-----!',
      result: '      -a---a|',
      values,
    }));

  it.each(['u', 'w'])('ends with an error on an algorithm it does not know, even when it drops', (letter) =>
    expectPicture(verify({ onMismatch: 'drop', algorithms: both }), {
      source: `      -a-${letter}-a|`,
      subscription: '^--!',
      result: '      -a-#',
      values,
      error: streamError('chunk-invalid', 'of "s" has a checksum by an algorithm other than crc32c, sha256'),
    }),
  );

  it('reports what is corrupt', () => {
    const { probe, heard } = listen('verify');
    from([values['a'], values['x'], values['n']] as Chunk[])
      .pipe(verify({ onMismatch: 'drop', missing: 'fail', probe }))
      .subscribe();
    expect(heard).toEqual([
      { type: 'corrupt', seq: 5 },
      { type: 'corrupt', seq: 4 },
    ]);
  });

  it('says in its error which chunk it was, also when the algorithm throws', () => {
    const digest = (): string => {
      throw new Error('no such luck');
    };
    const heard: unknown[] = [];
    for (const algorithms of [[crc32cChecksum], [{ name: 'crc32c', digest }]]) {
      from([values['x'] as Chunk])
        .pipe(verify({ algorithms }))
        .subscribe({ error: (error: unknown) => heard.push(error) });
    }
    expect(heard).toMatchObject([
      { code: 'chunk-corrupt', details: { operator: 'verify', field: 'checksum', streamId: 's', seq: 5 } },
      { code: 'callback-failed', details: { operator: 'verify', streamId: 's', seq: 5 } },
    ]);
  });

  it.each([
    [{ onMismatch: 'skip' }, 'onMismatch must be "error" or "drop"'],
    [{ missing: 'drop' }, 'missing must be "pass" or "fail"'],
  ])('refuses %o', (options, message) => {
    expect(() => verify(options as unknown as VerifyOptions)).toThrow(new TypeError(message));
  });

  operatorLaws<Chunk | Notice>('verify', (probe) => verify({ probe }), {
    item: (seq) => chunk(seq),
    holds: 0,
    throwing: { digest: (boom) => verify({ algorithms: [{ name: 'crc32c', digest: boom }] }) },
  });
});
