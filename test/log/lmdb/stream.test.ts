import type { Database } from 'lmdb';
import { describe, expect, it } from 'vitest';
import { kinds, readStateKey } from '../../../src/log/lmdb/records.js';
import { LmdbStream } from '../../../src/log/lmdb/stream.js';
import type { AppendOptions } from '../../../src/log/log.js';

const created = { streamId: 's', createdAt: 1, config: {} };
const by = (seq: number, epoch = 0): AppendOptions => ({ producer: { id: 'p', epoch, seq } });
const completed: AppendOptions = { close: { status: 'completed' } };

/** What a stream has written, by kind and id. */
function shelf() {
  const kept = new Map<string, unknown>();
  const name = (key: Buffer): string => {
    const { stream, kind, id } = readStateKey(key);
    return `${stream} ${Object.keys(kinds).find((word) => kinds[word as keyof typeof kinds] === kind)} ${id}`.trim();
  };
  const states = {
    put: (key: Buffer, value: unknown) => kept.set(name(key), JSON.parse(JSON.stringify(value))),
    remove: (key: Buffer) => kept.delete(name(key)),
  };
  return { kept, states: states as unknown as Database<unknown, Buffer> };
}

function append(stream: LmdbStream, count: number, options: AppendOptions = {}): void {
  stream.append(count, stream.admit(count, options, 100), count * 10, options, 5);
}

describe('LmdbStream', () => {
  it('shows what is on disk, whatever is planned on top of it', () => {
    const stream = new LmdbStream(7, created);
    const { states } = shelf();
    append(stream, 2);
    stream.save(states);
    append(stream, 3, completed);
    expect(stream.kept).toBeUndefined();
    expect(stream.commit()).toBe(true);
    expect(stream.info()).toMatchObject({ next: 2, status: 'active' });
    expect(stream.settled).toBe(false);
    stream.save(states);
    expect(stream.commit()).toBe(true);
    expect(stream.info()).toMatchObject({ next: 5, status: 'completed', bytes: { received: 50 } });
    expect(stream.settled).toBe(true);
  });

  it('goes back to what is on disk when a commit fails, producers included', () => {
    const stream = new LmdbStream(7, created);
    const { states } = shelf();
    append(stream, 2, by(0));
    stream.save(states);
    stream.commit();
    append(stream, 1, by(2));
    stream.save(states);
    append(stream, 1, by(0, 1));
    append(stream, 1, { producer: { id: 'q', epoch: 0, seq: 0 }, ...completed });
    stream.trim(2);
    stream.revert();
    expect(stream.settled).toBe(true);
    expect(stream.admit(1, by(1), 10), 'kept before').toBe(1);
    expect(stream.admit(1, by(2), 10), 'new').toBe(0);
    expect(() => stream.admit(1, by(3), 10)).toThrow('expected number 2');
    expect(() => stream.admit(0, { producer: { id: 'q', epoch: 0, seq: 1 } }, 10)).toThrow('expected number 0');
  });

  it('notices what others would: chunks, an end, a trim, not a producer alone', () => {
    const stream = new LmdbStream(7, created);
    const { states } = shelf();
    const noticed = (work: () => void): boolean => {
      work();
      stream.save(states);
      return stream.commit();
    };
    expect(noticed(() => {})).toBe(true);
    expect(noticed(() => append(stream, 0, by(0)))).toBe(false);
    expect(noticed(() => append(stream, 2))).toBe(true);
    expect(noticed(() => stream.trim(1))).toBe(true);
    expect(noticed(() => stream.sweep(1))).toBe(false);
    expect(noticed(() => append(stream, 0, completed))).toBe(true);
  });

  it('writes the first producers with where it stands, the others apart, and those only when they have changed', () => {
    const stream = new LmdbStream(7, created);
    const { kept, states } = shelf();
    for (let n = 0; n < 20; n++) append(stream, 0, { producer: { id: `p${n}`, epoch: n, seq: 0 } });
    stream.save(states);
    stream.commit();
    expect([...kept.keys()]).toEqual(['7 created', '7 standing', '7 producers 1']);
    expect(kept.get('7 standing')).toMatchObject({ 7: { length: 16, 3: ['p3', 3, 0] } });
    expect(kept.get('7 producers 1')).toEqual([16, 17, 18, 19].map((n) => [`p${n}`, n, 0]));
    kept.clear();
    append(stream, 1, { producer: { id: 'p2', epoch: 2, seq: 0 } });
    stream.save(states);
    expect([...kept.keys()]).toEqual(['7 standing']);
    stream.commit();
    stream.removed = true;
    stream.save(states);
    expect([...kept.keys()]).toEqual(['7 removed']);
  });

  it('leaves only what tells which chunks to remove, and then nothing', () => {
    const stream = new LmdbStream(7, created);
    const { kept, states } = shelf();
    append(stream, 3, by(0));
    stream.save(states);
    stream.commit();
    stream.removed = true;
    stream.save(states);
    expect([...kept.keys()]).toEqual(['7 removed']);
    stream.commit();
    expect({ littered: stream.littered, to: stream.sweepTo }).toEqual({ littered: true, to: 3 });
    stream.sweep(3);
    stream.save(states);
    expect(kept.size).toBe(0);
  });

  it('is read back as it was written', () => {
    const stream = new LmdbStream(7, created);
    const { kept, states } = shelf();
    append(stream, 3, { ...by(0), close: { status: 'failed', reason: 'why' } });
    stream.save(states);
    stream.commit();
    const again = new LmdbStream(7, created);
    again.load(kinds.standing, '', kept.get('7 standing'));
    expect(again.info()).toEqual(stream.info());
    expect(again.settled).toBe(true);
    expect(again.admit(3, by(0), 10)).toBe(3);
  });

  it('is read back as the first version wrote it', () => {
    const again = new LmdbStream(7, created);
    const producers = [['p', 0, 3]];
    const before = { swept: 0, first: 1, next: 3, size: 30, lastChunkAt: 5, end: { status: 'failed' }, endedAt: 6 };
    again.load(kinds.standing, '', { ...before, producers });
    expect(again.info()).toMatchObject({ first: 1, next: 3, status: 'failed', lastChunkAt: 5, endedAt: 6 });
    expect(again.admit(3, by(0), 10)).toBe(3);
    const removed = new LmdbStream(8, created);
    removed.load(kinds.removed, '', { ...before, swept: 2 });
    expect({ littered: removed.littered, to: removed.sweepTo }).toEqual({ littered: true, to: 3 });
  });

  it('knows no more producers than it may', () => {
    const stream = new LmdbStream(7, created);
    append(stream, 1, by(0));
    expect(() => stream.admit(0, { producer: { id: 'q', epoch: 0, seq: 0 } }, 1)).toThrow('has 1 producers');
    expect(stream.admit(1, by(1), 1)).toBe(0);
  });
});
