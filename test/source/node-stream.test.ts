import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createGunzip } from 'node:zlib';
import { concat, lastValueFrom, NEVER, Observable, of, throwError, toArray } from 'rxjs';
import { afterAll, describe, expect, it } from 'vitest';
import { createFlow } from '../../src/flow/index.js';
import { fromPull } from '../../src/source/iterable.js';
import { fromReadable, fromWritable, intoWritable, toReadable } from '../../src/source/node-stream.js';
import { streamError } from '../operators/alphabet.js';

const folder = mkdtempSync(join(tmpdir(), 'node-stream-'));
afterAll(() => rmSync(folder, { recursive: true }));
const book = join(folder, 'book.txt');
const text = Array.from({ length: 50_000 }, (_, i) => `word ${i}`).join(' ');
writeFileSync(book, text);

const settled = () => new Promise((resolve) => setImmediate(resolve));
const joined = (parts: readonly Buffer[]) => Buffer.concat(parts).toString();

describe('fromReadable', () => {
  it('emits what a file holds, in order, and completes', async () => {
    expect(joined(await lastValueFrom(fromReadable<Buffer>(createReadStream(book)).pipe(toArray())))).toBe(text);
  });

  it('pauses the stream while the flow is shut, and loses nothing', async () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 1 });
    const stream = createReadStream(book, { highWaterMark: 1024 });
    const parts: Buffer[] = [];
    const all = new Promise<void>((complete, error) => {
      fromReadable<Buffer>(stream, { flow }).subscribe({
        next: (part) => {
          parts.push(part);
          lane.hold();
          setImmediate(() => lane.release());
        },
        complete,
        error,
      });
    });
    await all;
    expect(joined(parts)).toBe(text);
    expect(flow.stats.maxHeld).toBe(1);
  });

  it('fails as the stream does, and when it closes before its end', async () => {
    await expect(lastValueFrom(fromReadable(createReadStream(join(folder, 'none'))))).rejects.toThrow('ENOENT');
    const cut = new PassThrough();
    const end = lastValueFrom(fromReadable(cut));
    cut.destroy();
    await expect(end).rejects.toEqual(streamError('connection-lost', 'closed before its end'));
  });

  it('does not wait for a stream that is over already', async () => {
    const gone = new PassThrough();
    gone.destroy();
    await settled();
    await expect(lastValueFrom(fromReadable(gone))).rejects.toEqual(streamError('connection-lost', 'before its end'));
    const broken = new PassThrough().on('error', () => {});
    broken.destroy(new Error('reset'));
    await settled();
    await expect(lastValueFrom(fromReadable(broken))).rejects.toThrow('reset');
    const read = new PassThrough();
    read.end('all').resume();
    await settled();
    expect(await lastValueFrom(fromReadable(read).pipe(toArray()))).toEqual([]);
  });

  it('destroys the stream at once when unsubscribed', () => {
    const stream = new PassThrough();
    fromReadable(stream).subscribe().unsubscribe();
    expect(stream.destroyed).toBe(true);
  });
});

describe('toReadable', () => {
  it('gives everything to whoever reads it', async () => {
    const parts: Buffer[] = [];
    const collect = new Writable({ write: (part, _, done) => (parts.push(part), done()) });
    const bytes = fromReadable<Buffer>(createReadStream(book));
    await pipeline(toReadable(bytes, { capacity: 1024 }), createGzip(), createGunzip(), collect);
    expect(joined(parts)).toBe(text);
  });

  it('gives items as they are in object mode', async () => {
    const items = toReadable(of({ n: 1 }, { n: 2 }), { capacity: 4, objectMode: true });
    expect(await items.toArray()).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('goes on behind parts without bytes', async () => {
    const got: string[] = [];
    for await (const part of toReadable(of('', 'a', '', '', 'b', ''), { capacity: 8 })) got.push(String(part));
    expect(got.join('')).toBe('ab');
  });

  it('gives what came before the error, then the error', async () => {
    const stream = toReadable(
      concat(
        of('a'),
        throwError(() => new Error('producer died')),
      ),
      { capacity: 4 },
    );
    const got: string[] = [];
    await expect(async () => {
      for await (const part of stream) got.push(String(part));
    }).rejects.toThrow('producer died');
    expect(got).toEqual(['a']);
  });

  it('takes nothing ahead of its reader, and stops the source', async () => {
    const flow = createFlow();
    let pulled = 0;
    function* parts() {
      for (;;) yield `part ${pulled++}`;
    }
    const stream = toReadable(fromPull(parts, { flow }), { capacity: 2, flow });
    await settled();
    expect(pulled).toBe(0);
    stream.once('data', () => stream.pause());
    for (let i = 0; i < 5; i++) await settled();
    expect(pulled).toBeLessThanOrEqual(5);
    stream.destroy();
    const stopped = pulled;
    await settled();
    expect(pulled).toBe(stopped);
  });

  it('unsubscribes when it is destroyed', async () => {
    let live = 0;
    const source = new Observable<string>((destination) => {
      live++;
      destination.add(() => void live--);
    });
    const stream = toReadable(source, { capacity: 1 }).resume();
    await settled();
    expect(live).toBe(1);
    stream.destroy();
    await settled();
    expect(live).toBe(0);
  });
});

describe('intoWritable', () => {
  it('writes everything, ends the stream, then completes', async () => {
    const copy = join(folder, 'copy.txt');
    const flow = createFlow();
    const bytes = fromReadable<Buffer>(createReadStream(book), { flow });
    const stream = createWriteStream(copy);
    await lastValueFrom(bytes.pipe(intoWritable(stream, { flow, window: 1 << 17, cost: ({ length }) => length })), {
      defaultValue: undefined,
    });
    expect(readFileSync(copy, 'utf8')).toBe(text);
    expect(stream.writableFinished).toBe(true);
  });

  it('stops the source while the stream is behind', async () => {
    const stuck = new Writable({ write: () => {} });
    const flow = createFlow();
    let pulled = 0;
    function* parts() {
      for (;;) yield `part ${pulled++}`;
    }
    const subscription = fromPull(parts, { flow })
      .pipe(intoWritable(stuck, { flow, window: 4 }))
      .subscribe();
    await settled();
    expect(pulled).toBe(4);
    subscription.unsubscribe();
    expect(stuck.destroyed).toBe(true);
  });

  it('fails as the stream does', async () => {
    const full = new Writable({ write: (_, __, done) => done(new Error('disk full')) });
    const writing = concat(of('a'), NEVER).pipe(intoWritable(full, { flow: createFlow() }));
    await expect(lastValueFrom(writing)).rejects.toThrow('disk full');
  });

  it('destroys the stream when the source fails', async () => {
    const stream = new PassThrough();
    const failing = throwError(() => new Error('producer died')).pipe(intoWritable(stream, { flow: createFlow() }));
    await expect(lastValueFrom(failing)).rejects.toThrow('producer died');
    expect(stream.destroyed).toBe(true);
  });
});

describe('fromWritable', () => {
  it('emits what is written, and completes when it is ended', async () => {
    const { writable, items } = fromWritable<Buffer>();
    const all = lastValueFrom(items.pipe(toArray()));
    await pipeline(createReadStream(book), createGzip(), createGunzip(), writable);
    expect(joined(await all)).toBe(text);
  });

  it('holds the writer back while nobody reads, or the flow is shut', async () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 1 });
    const { writable, items } = fromWritable<number>({ flow, objectMode: true });
    expect(writable.write(1)).toBe(false);
    const got: number[] = [];
    items.subscribe((item) => {
      got.push(item);
      lane.hold();
    });
    await settled();
    writable.write(2);
    await settled();
    expect([got, writable.writableNeedDrain]).toEqual([[1], true]);
    lane.release();
    await settled();
    expect([got, writable.writableNeedDrain]).toEqual([[1, 2], false]);
  });

  it('fails when it is destroyed', async () => {
    const { writable, items } = fromWritable<Buffer>();
    const end = lastValueFrom(items);
    writable.destroy();
    await expect(end).rejects.toEqual(streamError('connection-lost', 'before its end'));
    const other = fromWritable<Buffer>();
    other.writable.on('error', () => {});
    const otherEnd = lastValueFrom(other.items);
    other.writable.destroy(new Error('gave up'));
    await expect(otherEnd).rejects.toThrow('gave up');
  });

  it('makes a write fail once nobody reads', async () => {
    const { writable, items } = fromWritable<number>({ objectMode: true });
    items.subscribe().unsubscribe();
    const failed = new Promise((resolve) => writable.on('error', resolve));
    writable.write(1);
    expect(await failed).toEqual(streamError('stream-cancelled', 'nobody reads'));
  });
});
