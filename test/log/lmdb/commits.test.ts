import { describe, expect, it } from 'vitest';
import { Commits } from '../../../src/log/lmdb/commits.js';
import type { Folder } from '../../../src/log/lmdb/folder.js';
import { LmdbStream } from '../../../src/log/lmdb/stream.js';
import { refused } from '../../../src/testing/log-stage.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const stream = (number: number): LmdbStream =>
  new LmdbStream(number, { streamId: `s${number}`, createdAt: 1, config: {} });
const write = (bytes: number) => ({ key: Buffer.of(1), record: Buffer.alloc(bytes) });

/** Commits to a disk that answers when it is told to. */
function setUp(maxPendingBytes = 100) {
  const events: string[] = [];
  const answers: { done: () => void; fail: (error: Error) => void }[] = [];
  let puts = 0;
  const database = { put: () => puts++, remove: () => puts++ };
  const folder = {
    chunks: database,
    states: database,
    write: (work: () => void) => {
      work();
      return new Promise<void>((done, fail) => void answers.push({ done, fail }));
    },
  };
  const names = (streams: ReadonlySet<LmdbStream>): string =>
    [...streams].map(({ created }) => created.streamId).join();
  const commits = new Commits(folder as unknown as Folder, maxPendingBytes, {
    save: () => events.push('save'),
    kept: (streams) => {
      for (const each of streams) each.commit();
      events.push(`kept ${names(streams)}`);
    },
    lost: (streams) => events.push(`lost ${names(streams)}`),
  });
  const tell = (name: string, work: Promise<void>): void =>
    void work.then(
      () => events.push(name),
      (error: Error) => events.push(`${name}: ${error.message}`),
    );
  return { commits, events, answers, tell, puts: () => puts };
}

describe('Commits', () => {
  it('commits what came in one turn together, and what came meanwhile after it', async () => {
    const { commits, events, answers, tell } = setUp();
    const [a, b] = [stream(1), stream(2)];
    tell('first', commits.add(a));
    tell('second', commits.add(b));
    await turn();
    tell('third', commits.add(a));
    await turn();
    expect(answers).toHaveLength(1);
    expect(events).toEqual(['save']);
    answers[0]!.done();
    await turn();
    await turn();
    expect(events).toEqual(['save', 'kept s1,s2', 'first', 'second', 'save']);
    answers[1]!.done();
    await turn();
    expect(events.slice(5)).toEqual(['kept s1', 'third']);
  });

  it('fails what has come meanwhile as well: it rests on what was lost', async () => {
    const { commits, events, answers, tell } = setUp();
    tell('first', commits.add(stream(1)));
    await turn();
    tell('second', commits.add(stream(2)));
    answers[0]!.fail(new Error('no disk'));
    await turn();
    expect(events).toEqual(['save', 'lost s1,s2', 'first: no disk', 'second: no disk']);
    tell('third', commits.add(stream(1)));
    await turn();
    answers[1]!.done();
    await turn();
    expect(events.slice(4)).toEqual(['save', 'kept s1', 'third']);
  });

  it('asks nothing of the disk when there is only something to wait for', async () => {
    const { commits, events, answers, tell } = setUp();
    tell('first', commits.add(stream(1)));
    await turn();
    tell('settled', commits.settle());
    answers[0]!.done();
    await turn();
    await turn();
    expect(events).toEqual(['save', 'kept s1', 'first', 'kept ', 'settled']);
    expect(answers).toHaveLength(1);
  });

  it('refuses what would make too much wait, until the disk has taken some', async () => {
    const { commits, answers, tell } = setUp(100);
    commits.checkRoom('s', 1000);
    tell('first', commits.add(stream(1), [write(60), write(30)]));
    commits.checkRoom('s', 10);
    const { details } = await refused('overflow', () => commits.checkRoom('s', 11));
    expect(details.streamId).toBe('s');
    await turn();
    await refused('overflow', () => commits.checkRoom('s', 11));
    answers[0]!.done();
    await turn();
    commits.checkRoom('s', 1000);
  });

  it('has room again when a commit has failed', async () => {
    const { commits, answers, tell } = setUp(100);
    tell('first', commits.add(stream(1), [write(90)]));
    await turn();
    tell('second', commits.add(stream(1), [write(9)]));
    answers[0]!.fail(new Error('no disk'));
    await turn();
    commits.checkRoom('s', 1000);
  });
});
