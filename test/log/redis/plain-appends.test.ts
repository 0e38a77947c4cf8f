import { describe, expect, it } from 'vitest';
import { createChunk, encodeChunk } from '../../../src/chunk/index.js';
import { PlainAppends, plainlyAppended } from '../../../src/log/redis/plain-appends.js';
import { encoded, texts } from '../../../src/testing/log-stage.js';

const by = (id: string, seq: number, epoch = 0) => ({ options: { producer: { id, epoch, seq } } });
const binary = (...bytes: number[]) =>
  encodeChunk(createChunk({ streamId: 's', seq: 0, type: 'binary', data: new Uint8Array(bytes), timestamp: 0 }));

/** Appends of a stream in which these producers are known. */
function make(...ids: string[]): PlainAppends {
  const plain = new PlainAppends({ maxChunks: 10, maxChunkBytes: 1000, maxProducers: 9 });
  for (const id of ids) plain.know({ id, epoch: 0, seq: 0 });
  return plain;
}

describe('PlainAppends', () => {
  it('says of each producer where it was and where it will be, and of each chunk what is kept', () => {
    const batch = texts(0, 2);
    const [one, two] = batch;
    const group = [
      { batch, ...by('p', 5) },
      { batch, ...by('q', 0) },
      { batch: [one!], ...by('p', 7) },
    ];
    const chunks = [...batch, ...batch, one!].flatMap(({ head, size }) => [head, `${size}`]);
    expect(make('p', 'q').values(group)!.slice(1)).toEqual(
      ['10', '2', '2', '2', 'p:p', 'p:q', '0:5', '0:0', 'p:p', '0:8', 'p:q', '0:2', ...chunks].map(String),
    );
    expect(two).not.toEqual(one);
  });

  it('says once for which life of the stream they are', () => {
    const [{ head, size }] = [encoded('x')];
    const group = [
      { batch: [encoded('x')], options: { life: 'one', ...by('p', 5).options } },
      { batch: [encoded('x')], options: { life: 'one' } },
      { batch: [encoded('x')], options: {} },
    ];
    const chunks = [0, 1, 2].flatMap(() => [head, `${size}`]);
    expect(make('p').values(group)!.slice(1)).toEqual(
      ['10', '2', '2', '1', 'p:p', 'life', '0:5', 'one', 'p:p', '0:6', ...chunks].map(String),
    );
    expect(make('p').values([...group, { batch: [encoded('x')], options: { life: 'two' } }])).toBeUndefined();
  });

  it('takes chunks without a producer', () => {
    const [{ head, size }] = [encoded('x')];
    expect(
      make()
        .values([{ batch: [encoded('x')], options: {} }])!
        .slice(1),
    ).toEqual(['10', '2', '0', '0', head, `${size}`]);
  });

  it('hands bytes over beside the head, and none where there are none', () => {
    const values = make().values([{ batch: [binary(1, 2), encoded('x')], options: {} }])!;
    expect(values[2]).toBe('3');
    expect(values[7]).toEqual(Buffer.from([1, 2]));
    expect(values[10]).toBe('');
  });

  it.each([
    ['an end', [{ batch: texts(0, 1), options: { close: { status: 'completed' } } }]],
    ['a condition', [{ batch: texts(0, 1), options: { at: 0 } }]],
    ['no chunk', [{ batch: [], ...by('p', 0) }]],
    ['a producer that is new here', [{ batch: texts(0, 1), ...by('other', 0) }]],
    ['another epoch', [{ batch: texts(0, 1), ...by('p', 0, 1) }]],
    ['a chunk that is too large', [{ batch: [encoded('x'.repeat(1000))], options: {} }]],
    ['bytes that are empty', [{ batch: [binary()], options: {} }]],
    [
      'a producer that does not go on where it was',
      [
        { batch: texts(0, 1), ...by('p', 0) },
        { batch: texts(0, 1), ...by('p', 0) },
      ],
    ],
  ] as const)('leaves %s to the longer script', (_, group) => {
    expect(make('p').values(group)).toBeUndefined();
  });

  it('counts appends where the producer does', () => {
    const producer = { id: 'p', epoch: 0, seq: 3, counts: 'appends' } as const;
    const group = [{ batch: texts(0, 2), options: { producer } }];
    expect(make('p').values(group)).toContain('0:4');
    expect(plainlyAppended(group[0]!, 7)).toEqual({ first: 7, next: 9, duplicates: 0, ended: false, expected: 4 });
  });

  it('says what was done', () => {
    expect(plainlyAppended({ batch: texts(0, 2), options: {} }, 7)).toEqual({
      first: 7,
      next: 9,
      duplicates: 0,
      ended: false,
    });
    expect(plainlyAppended({ batch: texts(0, 2), ...by('p', 1) }, 7)).toMatchObject({ expected: 3 });
  });

  it('forgets producers when there are more than a stream may have', () => {
    const plain = make(...Array.from({ length: 9 }, (_, n) => `${n}`));
    const group = [{ batch: texts(0, 1), ...by('0', 0) }];
    plain.know({ id: '0', epoch: 0, seq: 0 });
    expect(plain.values(group)).toBeDefined();
    plain.know({ id: 'one more', epoch: 0, seq: 0 });
    expect(plain.values(group)).toBeUndefined();
  });
});
