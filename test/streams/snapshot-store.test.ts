import { describe, expect, it } from 'vitest';
import { createChunk, encodeChunk, snapshotKey } from '../../src/chunk/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { snapshots, SnapshotStore, subjectOf } from '../../src/streams/snapshot-store.js';
import { encodedText } from '../bodies.js';

function stage(ttlMs?: number) {
  let now = 0;
  const log = createMemoryLog({ now: () => now });
  const store = (createdAt = 7, fold = 'assembled') =>
    new SnapshotStore(log, { streamId: 'a/b', createdAt }, fold, ttlMs);
  const snapshot = (seq: number) => {
    const metadata = { [snapshotKey]: { fold: 'assembled', from: 0, seq } };
    return encodeChunk(createChunk({ streamId: 's', seq: 0, data: `up to ${seq}`, metadata }));
  };
  return { log, store, snapshot, pass: (ms: number) => void (now += ms) };
}

describe('SnapshotStore', () => {
  it('keeps the newest snapshot, and no other', async () => {
    const { log, store, snapshot } = stage();
    const [one, other] = [store(), store()];
    expect(await one.read()).toBeUndefined();
    await one.write(snapshot(10), 10, false);
    await other.write(snapshot(20), 20, false);
    // A process that is behind changes nothing, nor does one that says it again.
    await one.write(snapshot(15), 15, false);
    await one.write(snapshot(20), 20, false);
    expect(await other.read()).toMatchObject({ mark: { seq: 20 }, chunk: { data: 'up to 20' } });
    expect(log.info(one.name!)).toMatchObject({ status: 'active', first: 1, next: 2, source: 'a/b' });
  });

  it('ends with the last one, and is gone some time after', async () => {
    const { log, store, snapshot, pass } = stage(1000);
    const one = store();
    await one.write(snapshot(10), 10, false);
    await one.write(snapshot(10), 10, true);
    await one.write(snapshot(10), 10, true);
    await store().write(snapshot(11), 11, true);
    expect(log.info(one.name!)).toMatchObject({ status: 'completed', next: 1 });
    pass(1000);
    expect(await one.read()).toBeUndefined();
  });

  it('does not take the snapshots of another fold, or of an earlier stream of the name', async () => {
    const { store, snapshot } = stage();
    await store().write(snapshot(10), 10, false);
    expect(await store(8).read()).toBeUndefined();
    expect(await store(7, 'last-json').read()).toBeUndefined();
    await store().delete();
    expect(await store().read()).toBeUndefined();
  });

  it('takes what is no snapshot for none', async () => {
    const { log, store } = stage();
    const { name } = store();
    log.create(name!);
    expect(await store().read()).toBeUndefined();
    log.append(name!, [encodedText('no snapshot')]);
    expect(await store().read()).toBeUndefined();
    log.trim(name!, 1);
    expect(await store().read()).toBeUndefined();
  });

  it('takes one for none that goes while it is looked for', async () => {
    const { log, store, snapshot } = stage();
    await store().write(snapshot(10), 10, false);
    const { read } = log;
    log.read = (...args) => {
      log.delete(store().name!);
      return read.apply(log, args);
    };
    expect(await store().read()).toBeUndefined();
    log.read = () => {
      throw new Error('disk');
    };
    await store().write(snapshot(10), 10, false);
    await expect(store().read()).rejects.toThrow('disk');
  });

  it('keeps nothing where the name of the stream leaves no room for another', async () => {
    const { log, snapshot } = stage();
    const store = new SnapshotStore(log, { streamId: 'x'.repeat(500), createdAt: 1 }, 'assembled');
    expect(store.name).toBeUndefined();
    await store.write(snapshot(1), 1, false);
    await store.delete();
    expect(await store.read()).toBeUndefined();
    expect(log.list()).toEqual([]);
  });

  it('says what went wrong', async () => {
    const { log, store, snapshot } = stage();
    log.append = () => {
      throw new Error('disk');
    };
    await expect(store().write(snapshot(1), 1, false)).rejects.toThrow('disk');
  });
});

describe('subjectOf', () => {
  it('tells which stream a snapshot is of', () => {
    const { store } = stage();
    expect(subjectOf(store(17).name!)).toEqual({ streamId: 'a/b', createdAt: 17 });
    expect(subjectOf(store(1.5).name!)).toEqual({ streamId: 'a/b', createdAt: 1.5 });
    for (const name of [`${snapshots}/assembled/x/a`, `${snapshots}/assembled/1`, 'a/b', snapshots]) {
      expect(subjectOf(name)).toBeUndefined();
    }
  });
});
