import { describe, expect, it } from 'vitest';
import type { EncodedChunk } from '../../src/chunk/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { Acknowledged } from './acknowledged.js';
import { chunkOf, chunksOf } from './workload.js';

const completed = { close: { status: 'completed' } } as const;

/** A log that keeps these chunks of producer `p`, and remembers so many of it. */
function keeping(chunks: readonly EncodedChunk[], remembered = chunks.length) {
  const log = createMemoryLog();
  log.create('s');
  if (remembered > 0) log.append('s', chunks.slice(0, remembered), { producer: { id: 'p', epoch: 0, seq: 0 } });
  log.append('s', chunks.slice(remembered));
  return log;
}

/** What is found when the log has promised three chunks of `p`, and has shown as many. */
async function findings(log = createMemoryLog()): Promise<string[]> {
  const acknowledged = new Acknowledged();
  acknowledged.hear({ said: 'created', stream: 's' });
  acknowledged.hear({ said: 'kept', stream: 's', id: 'p', next: 3 });
  acknowledged.hear({ said: 'seen', stream: 's', next: 3 });
  return acknowledged.judge(log);
}

describe('Acknowledged', () => {
  it('finds nothing where everything is there, or more', async () => {
    expect(await findings(keeping(chunksOf('p', 0, 3)))).toEqual([]);
    expect(await findings(keeping(chunksOf('p', 0, 5)))).toEqual([]);
  });

  it('finds a stream that is gone', async () => {
    expect(await findings()).toEqual(['s was created and is not there']);
  });

  it('finds chunks that are gone', async () => {
    expect(await findings(keeping(chunksOf('p', 0, 2)))).toEqual([
      's was seen to have more than 2',
      's: 3 chunks of p were acknowledged, 2 are there',
    ]);
  });

  it('finds chunks that are doubled, missing in between, or out of order', async () => {
    const [a, b, c] = chunksOf('p', 0, 3) as [EncodedChunk, EncodedChunk, EncodedChunk];
    for (const chunks of [
      [a, b, b, c],
      [a, c, chunkOf('p', 3)],
      [b, a, c],
    ]) {
      expect((await findings(keeping(chunks))).join('\n')).toContain('should be');
    }
  });

  it('finds chunks that are garbled', async () => {
    const garbled = { ...chunkOf('p', 2), head: chunkOf('p', 2).head.replace('xx', 'xy') };
    expect(await findings(keeping([...chunksOf('p', 0, 2), garbled]))).toEqual(['s: p 2 is garbled']);
  });

  it('finds a producer that was forgotten', async () => {
    expect(await findings(keeping(chunksOf('p', 0, 3), 2))).toEqual([
      's: 3 chunks of p are there, the log remembers 2',
    ]);
  });

  it('finds chunks that have been let go', async () => {
    const log = keeping(chunksOf('p', 0, 3));
    log.trim('s', 1);
    expect(await findings(log)).toContain('s begins at 1');
  });

  it('finds an end that is gone, and a removed stream that is there', async () => {
    const acknowledged = new Acknowledged();
    const log = createMemoryLog();
    for (const stream of ['whole', 'open', 'short', 'back', 'perhaps']) log.create(stream);
    log.append('whole', chunksOf('brief', 0, 3), completed);
    log.append('open', chunksOf('brief', 0, 3));
    log.append('short', chunksOf('brief', 0, 2), completed);
    for (const stream of ['whole', 'open', 'short']) acknowledged.hear({ said: 'ended', stream });
    acknowledged.hear({ said: 'removed', stream: 'back' });
    acknowledged.hear({ said: 'removing', stream: 'perhaps' });
    acknowledged.hear({ said: 'removing', stream: 'not there' });
    expect(await acknowledged.judge(log)).toEqual([
      'open was ended and is not whole',
      'short was ended and is not whole',
      'back was removed and is there',
    ]);
  });
});
