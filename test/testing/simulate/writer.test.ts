import { describe, expect, it } from 'vitest';
import { type ChunkBody, encodeChunk, type ErrorCode, StreamError } from '../../../src/chunk/index.js';
import type { Client } from '../../../src/client/index.js';
import { type AppendOptions } from '../../../src/log/log.js';
import { createMemoryLog } from '../../../src/log/memory.js';
import type { WriterPlan } from '../../../src/testing/simulate/scenario.js';
import { Truth } from '../../../src/testing/simulate/truth.js';
import { VirtualTime } from '../../../src/testing/simulate/virtual-time.js';
import { Writer } from '../../../src/testing/simulate/writer.js';

const plan: WriterPlan = {
  name: 'w0',
  stream: 0,
  client: 0,
  producer: undefined,
  batches: [
    { atMs: 0, sizes: [20, 30, 40] },
    { atMs: 0, sizes: [50] },
  ],
  close: { status: 'failed', reason: 'why', batch: 1 },
};

type Publish = (bodies: readonly ChunkBody[], options: AppendOptions, truth: Truth) => Promise<{ next: number }>;

const keeping: Publish = async (bodies, _, truth) => {
  return truth.log.append('s', bodies.map(encodeChunk));
};

function stage(publish: Publish, changes: Partial<WriterPlan> = {}) {
  const time = new VirtualTime(1000);
  const found: string[] = [];
  const calls: { bodies: readonly ChunkBody[]; options: AppendOptions }[] = [];
  const truth = new Truth(
    createMemoryLog(),
    () => time.now(),
    ({ what }) => found.push(what),
  );
  truth.create('s');
  const client = {
    publish: (_: string, bodies: readonly ChunkBody[], options: AppendOptions) => {
      calls.push({ bodies, options });
      return publish(bodies, options, truth);
    },
  } as unknown as Client;
  let answered = 0;
  const tell = ({ what }: { what: string }): void => void found.push(what);
  const writer = new Writer({ ...plan, ...changes }, truth.of('s'), client, time, truth, tell, () => answered++);
  return { writer, time, truth, found, calls, answered: () => answered };
}

describe('Writer', () => {
  it('publishes its batches, each chunk like no other and of about its size', async () => {
    const { writer, time, calls, found, answered } = stage(keeping);
    writer.publish(0);
    writer.publish(1);
    await time.run(10);
    const bodies = calls.flatMap((call) => call.bodies);
    expect(bodies.map(({ type }) => type)).toEqual(['text', 'text', 'json', 'binary']);
    for (const [i, { size }] of bodies.entries()) expect(Math.abs(size - [20, 30, 40, 50][i]!)).toBeLessThan(30);
    expect(new Set(bodies.map((body) => JSON.stringify(body.data))).size).toBe(4);
    expect([answered(), found]).toEqual([2, []]);
    expect(writer.calls[1]).toMatchObject({ chunks: [{ index: 3, kept: { seq: 3 } }], answer: { refused: undefined } });
  });

  it('ends the stream with the batch that its plan says', () => {
    const { writer, calls } = stage(keeping);
    writer.publish(0);
    writer.publish(1);
    expect(calls.map(({ options }) => options)).toEqual([{}, { close: { status: 'failed', reason: 'why' } }]);
  });

  it('counts for itself under a name of its own', () => {
    const producer = { id: 'p0', epoch: 1 };
    const { writer, calls } = stage(keeping, { producer, close: undefined });
    writer.publish(0);
    writer.publish(1);
    expect(calls.map(({ options }) => options)).toEqual([
      { producer: { ...producer, seq: 0 } },
      { producer: { ...producer, seq: 3 } },
    ]);
  });

  it('sees what was acknowledged and is not in the log', async () => {
    const { writer, time, found } = stage(async () => ({ next: 9 }));
    writer.publish(1);
    await time.run(10);
    expect(found).toEqual(["w0's chunk 0 was acknowledged and is not in the log"]);
  });

  it('sees an acknowledgement that does not reach as far as the chunk', async () => {
    const { writer, time, found } = stage(async (...call) => {
      await keeping(...call);
      return { next: 2 };
    });
    writer.publish(0);
    await time.run(10);
    expect(found).toEqual(['chunk 2 was acknowledged with next 2']);
  });

  const refusing = (code: ErrorCode): Publish => {
    return async () => {
      throw new StreamError(code, 'no');
    };
  };
  const fenced = { producer: { id: 'p0', epoch: 0 } };
  const huge = {
    batches: [
      { atMs: 0, sizes: [5000] },
      { atMs: 0, sizes: [20] },
    ],
  };
  const closing = { close: { status: 'completed', batch: 0 } } as const;

  it.each<[ErrorCode, string, Partial<WriterPlan>, (truth: Truth) => void]>([
    ['producer-fenced', 'by its next life', fenced, () => {}],
    ['stream-closed', 'behind the end it asked for', closing, () => {}],
    ['stream-closed', 'behind the end of another', {}, (truth) => (truth.of('s').closing = true)],
    ['stream-cancelled', 'when it is', {}, (truth) => truth.log.append('s', [], { close: { status: 'cancelled' } })],
    ['chunk-too-large', 'when it is', huge, () => {}],
  ])('may be refused with %s %s', async (code, _, changes, prepare) => {
    const { writer, time, truth, found, answered } = stage(refusing(code), changes);
    prepare(truth);
    writer.publish(0);
    await time.run(10);
    expect([writer.calls[0]?.answer?.refused, answered(), found]).toEqual([code, 1, []]);
  });

  it.each<[ErrorCode, Partial<WriterPlan>]>([
    ['producer-fenced', { producer: { id: 'p0', epoch: 1 } }],
    ['producer-fenced', {}],
    ['stream-closed', {}],
    ['stream-cancelled', closing],
    ['chunk-too-large', {}],
    ['sequence-gap', fenced],
    ['overflow', huge],
  ])('may not be refused with %s for no reason', async (code, changes) => {
    const { writer, time, found } = stage(refusing(code), changes);
    writer.publish(0);
    await time.run(10);
    expect(found).toEqual([`w0 was refused with ${code}: no`]);
  });

  it('may be told of a gap once it went on behind a refusal', async () => {
    const codes: ErrorCode[] = ['producer-fenced', 'sequence-gap'];
    const { writer, time, found } = stage((...call) => refusing(codes.shift()!)(...call), fenced);
    writer.publish(0);
    await time.run(10);
    writer.publish(1);
    await time.run(20);
    expect([writer.calls.map(({ answer }) => answer?.refused), found]).toEqual([
      ['producer-fenced', 'sequence-gap'],
      [],
    ]);
  });

  it.each([new StreamError('connection-lost', 'gone'), new RangeError('gone')])('takes nothing else', async (error) => {
    const { writer, time, found } = stage(async () => {
      throw error;
    });
    writer.publish(0);
    await time.run(10);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^w0 was refused with (?:connection-lost|internal): gone$/);
  });
});
