import { describe, expect, it } from 'vitest';
import { createChunk, encodeChunk } from '../../../src/chunk/index.js';
import { createMemoryLog } from '../../../src/log/memory.js';
import { identity, Truth } from '../../../src/testing/simulate/truth.js';

function stage() {
  const found: string[] = [];
  const truth = new Truth(
    createMemoryLog(),
    () => 3,
    ({ what }) => found.push(what),
  );
  truth.create('s');
  return { truth, found };
}

const chunk = (data: string | Uint8Array) => encodeChunk(createChunk({ streamId: 's', seq: 0, data, timestamp: 0 }));

describe('Truth', () => {
  it('knows which written chunk is kept under which number', () => {
    const { truth, found } = stage();
    const [a, b] = [truth.writes('w0', 0, chunk('a')), truth.writes('w0', 1, chunk('b'))];
    void truth.log.append('s', [chunk('a'), chunk('b')]);
    expect([a.kept, b.kept]).toEqual([
      { at: 3, seq: 0 },
      { at: 3, seq: 1 },
    ]);
    expect(truth.of('s').chunks).toHaveLength(2);
    expect(found).toEqual([]);
  });

  it('does not take what is acknowledged again for kept again', () => {
    const { truth, found } = stage();
    truth.writes('w0', 0, chunk('a'));
    const options = { producer: { id: 'w0', epoch: 0, seq: 0 } };
    void truth.log.append('s', [chunk('a')], options);
    void truth.log.append('s', [chunk('a')], options);
    expect([truth.of('s').chunks.length, found]).toEqual([1, []]);
  });

  it('sees a chunk kept twice, one that nobody wrote, and two in the wrong order', () => {
    const { truth, found } = stage();
    truth.writes('w0', 0, chunk('a'));
    truth.writes('w0', 1, chunk('b'));
    void truth.log.append('s', [chunk('b'), chunk('a'), chunk('a'), chunk('x')]);
    expect(found).toEqual([
      "the log keeps w0's chunk 0 behind its 1",
      'the log keeps chunk 1 once more, as 2',
      'the log keeps a chunk 3 that nobody wrote',
    ]);
  });

  it('knows how a stream ended, and that a refused end is none', () => {
    const { truth } = stage();
    void truth.log.append('s', [], { close: { status: 'failed', reason: 'why' } });
    expect(() => truth.log.append('s', [], { close: { status: 'completed' } })).toThrow('has ended');
    expect(truth.of('s').end).toEqual({ status: 'failed', reason: 'why' });
  });

  it('trims the log, and remembers when', () => {
    const { truth } = stage();
    void truth.log.append('s', [chunk('a'), chunk('b'), chunk('c')]);
    truth.trim('s', 1);
    truth.trim('s', 9);
    expect(truth.of('s')).toMatchObject({
      first: 2,
      trims: [
        { at: 3, first: 2 },
        { at: 3, first: 2 },
      ],
    });
    expect(truth.log.info('s')).toMatchObject({ first: 2, next: 3 });
  });

  it('counts who listens', () => {
    const { truth } = stage();
    let rung = 0;
    const stop = truth.log.watch('s', () => rung++);
    void truth.log.append('s', [chunk('a')]);
    expect([truth.watchers, rung]).toEqual([1, 1]);
    stop();
    stop();
    expect(truth.watchers).toBe(0);
  });
});

describe('identity', () => {
  it('tells chunks apart by their text and by their bytes', () => {
    const chunks = [chunk('a'), chunk('b'), chunk(new Uint8Array([1])), chunk(new Uint8Array([2]))];
    expect(new Set(chunks.map(identity)).size).toBe(4);
    expect(identity(chunk('a'))).toBe(identity(chunk('a')));
  });
});
