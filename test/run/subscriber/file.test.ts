import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { from } from 'rxjs';
import { createSubscribers, pipeline, type SubscriberEvent } from 'sluice/run';
import { fileSubscriber } from 'sluice/run/subscriber/file';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stage } from '../stage.js';

describe('fileSubscriber', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-file-'));
    path = join(folder, 'runs.ndjson');
  });
  afterEach(async () => await rm(folder, { recursive: true }));
  const lines = async (name = 'runs.ndjson'): Promise<unknown[]> =>
    (await readFile(join(folder, name), 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown);

  it('writes the events of a run, a line each', async () => {
    const subscribers = createSubscribers();
    subscribers.attach(fileSubscriber(path));
    const { events } = await stage(
      pipeline('p').step('a', () => 'ü'),
      null,
    );
    from(events).subscribe(subscribers);
    await subscribers.close();
    expect(await lines()).toEqual(events);
  });

  it('begins another file when one is full, and keeps a number of them', async () => {
    const file = fileSubscriber<string>(path, { maxBytes: 20, keep: 2 });
    // A line of 'a' is four bytes.
    await file.take(Array.from({ length: 12 }, (_, n) => String.fromCodePoint(97 + n)));
    await file.take(['m', 'n', 'o', 'p']);
    await file.close!();
    expect((await readdir(folder)).toSorted()).toEqual(['runs.ndjson', 'runs.ndjson.1', 'runs.ndjson.2']);
    expect(await lines('runs.ndjson.2')).toEqual(['f', 'g', 'h', 'i', 'j']);
    expect(await lines('runs.ndjson.1')).toEqual(['k', 'l', 'm', 'n', 'o']);
    expect(await lines()).toEqual(['p']);
  });

  it('keeps none but the one it writes, where that is wanted; a long line has a file of its own', async () => {
    const file = fileSubscriber<string>(path, { maxBytes: 10, keep: 0 });
    await file.take(['x'.repeat(100)]);
    expect(await lines()).toEqual(['x'.repeat(100)]);
    await file.take(['y'.repeat(100)]);
    await file.take(['z']);
    await file.close!();
    expect([await readdir(folder), await lines()]).toEqual([['runs.ndjson'], ['z']]);
  });

  it('goes on with a file that is there, without the half line a crash has left', async () => {
    const first = fileSubscriber<string>(path, { maxBytes: 12 });
    await first.take(['a']);
    await first.close!();
    await appendFile(path, '"half');
    const second = fileSubscriber<string>(path, { maxBytes: 12 });
    await second.take(['b', 'c', 'd']);
    await second.close!();
    expect([await lines('runs.ndjson.1'), await lines()]).toEqual([['a', 'b', 'c'], ['d']]);
    await writeFile(path, 'x'.repeat(70_000));
    const third = fileSubscriber<string>(path);
    await third.take(['e']);
    await third.close!();
    expect(await lines()).toEqual(['e']);
    await appendFile(path, 'x'.repeat(70_000));
    const fourth = fileSubscriber<string>(path);
    await fourth.take(['f']);
    await fourth.close!();
    expect(await lines()).toEqual(['e', 'f']);
  });

  it.each(['always', 'rotate', 'never'] as const)('writes as durably as it is told: %s', async (fsync) => {
    const file = fileSubscriber<string>(path, { fsync, maxBytes: 8 });
    await file.take(['a', 'b', 'c']);
    expect(await lines()).toEqual(['c']);
    await file.close!();
    await file.close!();
    expect(await lines('runs.ndjson.1')).toEqual(['a', 'b']);
    await file.take(['d']);
    await file.close!();
    expect(await lines()).toEqual(['c', 'd']);
  });

  it('is cut off alone when it cannot write', async () => {
    const subscribers = createSubscribers<number>();
    const happened: SubscriberEvent[] = [];
    subscribers.events.subscribe((event) => happened.push(event));
    subscribers.attach(fileSubscriber(join(folder, 'no', 'where')), { name: 'file' });
    subscribers.next(1);
    await subscribers.close();
    expect(happened.at(-1)).toMatchObject({ type: 'subscriber-failed', name: 'file', lost: 1 });
    const blocked = fileSubscriber<string>(path, { maxBytes: 4, keep: 1 });
    await blocked.take(['a']);
    // A folder stands where the full file should go.
    await mkdir(join(`${path}.1`, 'full'), { recursive: true });
    await expect(blocked.take(['b'])).rejects.toThrow();
  });

  it.each([
    [1, {}, 'path must be a string'],
    ['x', { fsync: 'often' }, 'fsync must be'],
    ['x', { maxBytes: 0 }, 'maxBytes must be'],
    ['x', { keep: -1 }, 'keep must be'],
  ])('refuses %j with %j', (place, options, message) => {
    expect(() => fileSubscriber(place as never, options as never)).toThrow(message);
  });
});
