import { describe, expect, it } from 'vitest';
import {
  createChunk,
  decodeChunk,
  encodeChunk,
  snapshotOf,
  StreamError,
  type StreamInfo,
} from '../../src/chunk/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { assembled, type Fold } from '../../src/streams/fold.js';
import { RolledStream, type RollingRules } from '../../src/streams/rolled-stream.js';
import { SnapshotStore } from '../../src/streams/snapshot-store.js';
import { encodedTexts, textBody } from '../bodies.js';
import { VirtualTime } from '../virtual-time.js';

function stage(rules: Partial<RollingRules> = {}) {
  const time = new VirtualTime();
  const log = createMemoryLog({ now: () => time.now() });
  log.create('s');
  const info = log.info('s') as StreamInfo;
  const fold: Fold = assembled() as Fold;
  const store = new SnapshotStore(log, info, 'assembled');
  /** The stream as another process rolls it up. */
  const roll = () =>
    new RolledStream(log, info, { fold, maxBytes: 1 << 20, everyChunks: 4, scheduler: time, ...rules }, store);
  const keep = (...datas: string[]) => void log.append('s', encodedTexts(...datas));
  const end = () => void log.append('s', [], { close: { status: 'completed' } });
  const shown = (rolled: RolledStream) => {
    const { snapshot } = rolled;
    if (snapshot === undefined) return undefined;
    const chunk = decodeChunk('s', snapshot.seq - 1, snapshot.chunk);
    expect(snapshotOf(chunk)).toMatchObject({ seq: snapshot.seq });
    return `${snapshotOf(chunk)!.from}-${snapshot.seq}: ${String(chunk.data)}`;
  };
  const saved = async () => {
    const kept = await store.read();
    return kept && `${kept.mark.seq}: ${String(kept.chunk.data)}`;
  };
  return { time, log, store, roll, keep, end, shown, saved };
}

describe('RolledStream', () => {
  it('is what the chunks so far come to', async () => {
    const { roll, keep, end, shown } = stage();
    const rolled = roll();
    await rolled.catchUp();
    expect(shown(rolled)).toBeUndefined();
    keep('a', 'b');
    await rolled.catchUp();
    expect(shown(rolled)).toBe('0-2: ab');
    keep('c');
    end();
    await rolled.catchUp();
    expect(shown(rolled)).toBe('0-3: abc');
    expect(rolled.done).toBe(false);
    await rolled.save();
    expect(rolled.done).toBe(true);
  });

  it('has the timestamp of the newest chunk in it, and is final when that is', async () => {
    const { roll, log } = stage();
    for (const timestamp of [5, 7])
      log.append('s', [encodeChunk({ ...textBody('a'), timestamp, final: timestamp > 5 })]);
    const rolled = roll();
    await rolled.catchUp();
    await rolled.save(true);
    const again = roll();
    await again.catchUp();
    for (const one of [rolled, again]) {
      expect(decodeChunk('s', 1, one.snapshot!.chunk)).toMatchObject({ timestamp: 7, final: true });
    }
    log.append('s', [encodeChunk({ ...textBody('a'), timestamp: 9 })]);
    await again.catchUp();
    expect(decodeChunk('s', 2, again.snapshot!.chunk)).toMatchObject({ timestamp: 9, final: false });
  });

  it('makes a snapshot once for all who come at the same place', async () => {
    const { roll, keep } = stage();
    keep('a');
    const rolled = roll();
    await rolled.catchUp();
    const { snapshot } = rolled;
    await rolled.catchUp();
    expect(rolled.snapshot).toBe(snapshot);
  });

  it('looks once for all who ask meanwhile, and shows each what was there when it asked', async () => {
    const { roll, keep, shown, log } = stage();
    keep('a');
    const rolled = roll();
    let reads = 0;
    const { read } = log;
    log.read = (...args) => {
      reads++;
      return read.apply(log, args);
    };
    const first = rolled.catchUp();
    keep('b');
    const others = [rolled.catchUp(), rolled.catchUp(), rolled.catchUp()];
    await first;
    await Promise.all(others);
    expect(shown(rolled)).toBe('0-2: ab');
    expect(reads).toBeLessThanOrEqual(3);
  });

  it('saves when there is much more in it, and an eighth of the whole', async () => {
    const { roll, keep, saved } = stage();
    const rolled = roll();
    const grown = async (...datas: string[]) => {
      keep(...datas);
      await rolled.catchUp();
      await rolled.save();
      return await saved();
    };
    expect(await grown('a', 'b', 'c')).toBeUndefined();
    expect(await grown('d')).toBe('4: abcd');
    expect(await grown(...Array<string>(60).fill('x'))).toMatch(/^64: /);
    expect(await grown(...Array<string>(7).fill('x'))).toMatch(/^64: /);
    expect(await grown('x')).toMatch(/^72: /);
    keep('y');
    await rolled.catchUp();
    await rolled.save(true);
    expect(await saved()).toMatch(/^73: /);
    expect(rolled.savedTo).toBe(73);
  });

  it('goes on from what was saved, and reads no more than what is behind', async () => {
    const { roll, keep, shown, log } = stage();
    keep('a', 'b', 'c', 'd');
    const before = roll();
    await before.catchUp();
    await before.save();
    keep('e');
    const from: number[] = [];
    const { read } = log;
    log.read = (streamId, place, limit) => {
      if (streamId === 's') from.push(place);
      return read.call(log, streamId, place, limit);
    };
    const after = roll();
    await after.catchUp();
    expect([shown(after), from]).toEqual(['0-5: abcde', [4]]);
  });

  it('holds what was trimmed since it was saved', async () => {
    const { roll, keep, shown, log } = stage();
    keep('a', 'b', 'c', 'd');
    const before = roll();
    await before.catchUp();
    await before.save();
    keep('e');
    log.trim('s', before.savedTo);
    const after = roll();
    await after.catchUp();
    expect(shown(after)).toBe('0-5: abcde');
  });

  it('begins where the stream does, when chunks were trimmed before', async () => {
    const { roll, keep, shown, log } = stage();
    keep('a', 'b', 'c');
    log.trim('s', 2);
    const rolled = roll();
    await rolled.catchUp();
    expect(shown(rolled)).toBe('2-3: c');
  });

  it('stays where it is when chunks go that were not folded', async () => {
    const { roll, keep, shown, log, saved } = stage();
    keep('a', 'b');
    const rolled = roll();
    await rolled.catchUp();
    keep('c', 'd');
    log.trim('s', 3);
    await rolled.catchUp();
    keep('e');
    await rolled.catchUp();
    expect(shown(rolled)).toBe('0-2: ab');
    await rolled.save();
    expect([await saved(), rolled.done]).toEqual(['2: ab', true]);
  });

  it('stays where it is when a chunk does not fit', async () => {
    const { roll, keep, shown, log } = stage();
    keep('a');
    log.append('s', [encodeChunk(createChunk({ streamId: 's', seq: 0, data: { no: 'text' } }))]);
    keep('b');
    const rolled = roll();
    for (let i = 0; i < 2; i++) await rolled.catchUp();
    expect(shown(rolled)).toBe('0-1: a');
  });

  it('is nothing when the first chunk does not fit', async () => {
    const { roll, shown, log, saved } = stage();
    log.append('s', [encodeChunk(createChunk({ streamId: 's', seq: 0, data: { no: 'text' } }))]);
    const rolled = roll();
    await rolled.catchUp();
    expect(shown(rolled)).toBeUndefined();
    await rolled.save();
    expect([rolled.done, await saved()]).toEqual([true, undefined]);
  });

  it('stays with the last snapshot that is not too large', async () => {
    const { roll, keep, shown } = stage({ maxBytes: 150 });
    const rolled = roll();
    keep('a', 'b');
    await rolled.catchUp();
    expect(shown(rolled)).toBe('0-2: ab');
    keep('x'.repeat(100), 'c');
    await rolled.catchUp();
    expect(shown(rolled)).toBe('0-2: ab');
    keep('d');
    await rolled.catchUp();
    expect(shown(rolled)).toBe('0-2: ab');
  });

  it.each(['fold', 'encode'] as const)('stays where it is when the %s of a fold is broken', async (part) => {
    const broken = () => {
      throw new Error('a defect');
    };
    const { roll, keep, shown } = stage({ fold: { ...(assembled() as Fold), [part]: broken } });
    keep('a');
    const rolled = roll();
    await rolled.catchUp();
    expect(shown(rolled)).toBeUndefined();
  });

  it('is nothing as long as the fold has nothing to show', async () => {
    const fold: Fold = { ...(assembled() as Fold), encode: () => undefined };
    const { roll, keep, end, shown, saved } = stage({ fold });
    keep('a', 'b', 'c', 'd');
    const rolled = roll();
    await rolled.catchUp();
    await rolled.save();
    expect([shown(rolled), await saved(), rolled.done]).toEqual([undefined, undefined, false]);
    end();
    await rolled.catchUp();
    await rolled.save();
    expect(rolled.done).toBe(true);
  });

  it('begins anew when what was saved cannot be read', async () => {
    const { roll, keep, shown } = stage();
    keep('a', 'b', 'c', 'd');
    const before = roll();
    await before.catchUp();
    await before.save();
    const strict = {
      ...(assembled() as Fold),
      decode: () => {
        throw new Error('what is this?');
      },
    };
    const after = stage({ fold: strict });
    expect(shown(before)).toBe('0-4: abcd');
    after.keep('a', 'b', 'c', 'd');
    const first = after.roll();
    await first.catchUp();
    await first.save();
    const second = after.roll();
    await second.catchUp();
    expect(after.shown(second)).toBe('0-4: abcd');
  });

  it('begins anew when the log has lost chunks that were folded', async () => {
    const { roll, keep, shown, saved, log } = stage();
    keep('a', 'b', 'c', 'd');
    const rolled = roll();
    await rolled.catchUp();
    await rolled.save();
    const [{ life }, read] = [log.info('s')!, log.read.bind(log)];
    log.delete('s');
    log.create('s');
    log.read = (...asked) => ({ ...read(...asked), life });
    keep('x', 'y');
    await rolled.catchUp();
    expect([shown(rolled), await saved()]).toEqual(['0-2: xy', undefined]);
    keep('z', 'z');
    await rolled.catchUp();
    await rolled.save();
    expect(await saved()).toBe('4: xyzz');
  });

  it('folds nothing of another stream that has the name now', async () => {
    const { roll, keep, shown, log } = stage();
    keep('a');
    const rolled = roll();
    await rolled.catchUp();
    log.delete('s');
    log.create('s');
    keep('x', 'y');
    await expect(rolled.catchUp()).rejects.toMatchObject({ code: 'stream-not-found' });
    expect(shown(rolled)).toBe('0-1: a');
  });

  it('leaves a snapshot unsaved that the log cannot hold, and does not try it again and again', async () => {
    const { roll, keep, shown, store, end } = stage();
    keep('a', 'b', 'c', 'd');
    const rolled = roll();
    await rolled.catchUp();
    let writes = 0;
    store.write = async () => {
      writes++;
      throw new StreamError('chunk-too-large', 'too large');
    };
    await rolled.save();
    keep('e', 'f', 'g', 'h');
    end();
    await rolled.catchUp();
    await rolled.save();
    expect([writes, shown(rolled), rolled.done, rolled.savedTo]).toEqual([1, '0-8: abcdefgh', true, 0]);
  });

  it('says what else went wrong, and tries again', async () => {
    const { roll, keep, store, saved } = stage();
    keep('a', 'b', 'c', 'd');
    const rolled = roll();
    await rolled.catchUp();
    const { write } = store;
    store.write = async () => {
      throw new Error('disk');
    };
    await expect(rolled.save()).rejects.toThrow('disk');
    store.write = write;
    await rolled.save();
    expect(await saved()).toBe('4: abcd');
  });

  it('lets others have their turn when there is much to read', async () => {
    const { roll, log, time } = stage();
    const many = encodedTexts(...Array<string>(1024).fill('x'));
    for (let i = 0; i < 20; i++) log.append('s', many);
    const rolled = roll();
    let caughtUp = false;
    const work = rolled.catchUp().then(() => (caughtUp = true));
    for (let hops = 0; hops < 1000; hops++) await undefined;
    expect(caughtUp).toBe(false);
    await time.until(work);
    expect(rolled.snapshot!.seq).toBe(20 * 1024);
  });

  it('is caught up with where the stream was, when it grows faster than it can be read', async () => {
    const { roll, keep, log, shown } = stage();
    keep('a');
    const { read } = log;
    log.read = (...args) => {
      const slice = read.apply(log, args);
      if (args[0] === 's') keep('b');
      return slice;
    };
    const rolled = roll();
    await rolled.catchUp();
    expect(shown(rolled)).toBe('0-1: a');
  });
});
