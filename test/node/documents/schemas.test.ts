import { describe, expect, it } from 'vitest';
import { createChunk } from '../../../src/chunk/index.js';
import { createMemoryLog } from '../../../src/log/memory.js';
import { runEvent, runInfo, runPage, schemas, streamInfo } from '../../../src/node/documents/schemas.js';
import { createRuns, pipeline, type RunEvent } from '../../../src/run/index.js';
import { createStreams } from '../../../src/streams/index.js';
import { lastValueFrom, toArray } from 'rxjs';

const strict = { streamInfo: streamInfo.strict(), runInfo: runInfo.strict(), runPage: runPage.strict() };

describe('schemas of what a server answers', () => {
  it('fit a stream, whatever is known of it', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    await streams.create('a', {
      session: 's',
      source: 'p',
      target: 't',
      contentType: 'text/plain',
      metadata: { a: 1 },
      expectedChunks: 3,
      expectedBytes: 9,
    });
    await streams.publish('b', [createChunk({ streamId: 'b', seq: 0, data: 'x' })]);
    await streams.close('b', 'failed', 'enough');
    for (const info of await streams.list()) expect(strict.streamInfo.parse(info)).toEqual(info);
  });

  it('fit a run, and its events', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    const runs = createRuns({ streams, leaseMs: Infinity });
    const asking = pipeline<number>('asking')
      .step('work', async function* (n, { log, emitProgress }) {
        log('here');
        emitProgress(0.5);
        yield `${n}`;
      })
      .step('ask', async (n, { waitFor }) => [n, await waitFor('ok')]);
    const { executionId, result } = runs.start(asking, 1);
    await expect.poll(async () => (await runs.info(executionId))?.status).toBe('waiting');
    const waiting = (await runs.info(executionId))!;
    expect(strict.runInfo.parse(waiting)).toEqual(waiting);
    await runs.answer(executionId, 'ok', true);
    await result;
    const done = (await runs.info(executionId))!;
    expect(strict.runInfo.parse(done)).toEqual(done);
    const page = await runs.list();
    expect(strict.runPage.parse(page)).toEqual(page);
    const events: RunEvent[] = await lastValueFrom(runs.events(executionId).pipe(toArray()));
    expect(events.length).toBeGreaterThan(5);
    for (const event of events) expect(runEvent.parse(event)).toEqual(event);
  });

  it('have a name each that a document may use', () => {
    for (const name of Object.keys(schemas)) expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
  });
});
