import type * as FastCheck from 'fast-check';
import { expect } from 'vitest';
import { type EncodedChunk, type ErrorCode, StreamError, type StreamInfo, type Tally } from '../chunk/index.js';
import {
  type Appended,
  type Close,
  type Log,
  type LogSlice,
  type MaybePromise,
  type Producer,
  type ReadLimit,
  type StreamConfig,
  whenReady,
} from '../log/log.js';
import { encoded, type LogStage } from './log-stage.js';

/** One call of a log, drawn at random. */
type Command =
  | { readonly call: 'create'; readonly name: string; readonly config: StreamConfig }
  | ({ readonly call: 'append'; readonly name: string; readonly count: number; readonly binary: boolean } & {
      readonly producer: Producer | undefined;
      readonly close: Close | undefined;
      readonly at: number | undefined;
    })
  | { readonly call: 'read'; readonly name: string; readonly from: number; readonly limit: ReadLimit }
  | { readonly call: 'trim'; readonly name: string; readonly before: number }
  | { readonly call: 'delete' | 'list'; readonly name: string };

/** What every sequence begins with, so that most of the rest has something to work on. */
const opening: readonly Command[] = ['a', 'a/b'].map((name) => ({ call: 'create', name, config: {} }));

/** What a log and its model both can. */
type Modelled = Pick<Log, 'create' | 'append' | 'read' | 'info' | 'trim' | 'delete' | 'list'>;

/** @internal Runs random commands on a log and on the model, and expects the same answers and refusals. */
export async function behavesAsItsModel({ log }: LogStage): Promise<void> {
  const fc = await import('fast-check');
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(commands(fc), { maxLength: 60, size: 'max' }), async (sequence) => {
      const folder = `run-${runs++}`;
      const model = new LogModel();
      for (const [n, command] of [...opening, ...sequence].entries()) {
        const where = `${n}: ${JSON.stringify(command)}`;
        const expected = await outcome(model, folder, n, command);
        expect(await outcome(log, folder, n, command), where).toEqual(expected);
        const infos = model.list(folder).map(timeless);
        expect((await log.list(folder)).map(timeless), `${where}, then list`).toEqual(infos);
      }
    }),
    { numRuns: 100 },
  );
}

function commands(fc: typeof FastCheck): FastCheck.Arbitrary<Command> {
  const name = fc.constantFrom('a', 'a', 'a', 'a/b', 'ab');
  const config = fc.constantFrom<StreamConfig>({}, {}, { contentType: 'text/plain' }, { expectedChunks: 3 });
  const producer = fc.record({
    id: fc.constantFrom('p', 'q'),
    epoch: fc.constantFrom(0, 0, 0, 1, 2),
    seq: fc.nat({ max: 8 }),
  });
  const close = fc.constantFrom<Close>(
    { status: 'completed' },
    { status: 'failed', reason: 'x' },
    { status: 'cancelled' },
  );
  return fc.oneof(
    { weight: 2, arbitrary: fc.record({ call: fc.constant('create' as const), name, config }) },
    {
      weight: 8,
      arbitrary: fc.record({
        call: fc.constant('append' as const),
        name,
        count: fc.nat({ max: 4 }),
        binary: fc.boolean(),
        producer: fc.option(producer, { nil: undefined, freq: 3 }),
        close: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: close }),
        at: fc.option(fc.nat({ max: 12 }), { nil: undefined, freq: 3 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        call: fc.constant('read' as const),
        name,
        from: fc.nat({ max: 12 }),
        limit: fc.record({ chunks: fc.integer({ min: 1, max: 5 }), bytes: fc.integer({ min: 1, max: 1000 }) }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ call: fc.constant('trim' as const), name, before: fc.nat({ max: 12 }) }) },
    { weight: 1, arbitrary: fc.record({ call: fc.constantFrom('delete' as const, 'list' as const), name }) },
  );
}

/** What a call answers, or the code and the number it is refused with. */
async function outcome(log: Modelled, folder: string, n: number, command: Command): Promise<unknown> {
  try {
    const answer = await perform(log, `${folder}/${command.name}`, n, command);
    return Array.isArray(answer) ? answer.map(timeless) : answer;
  } catch (error) {
    if (!(error instanceof StreamError)) throw error;
    return { code: error.code, expected: error.details.expected };
  }
}

function perform(log: Modelled, streamId: string, n: number, command: Command): MaybePromise<unknown> {
  switch (command.call) {
    case 'create':
      return log.create(streamId, command.config);
    case 'append': {
      const { count, binary, producer, close, at } = command;
      const data = Array.from({ length: count }, (_, i) => (binary ? Uint8Array.of(n, i) : `command ${n} chunk ${i}`));
      const options = {
        ...(producer === undefined ? {} : { producer }),
        ...(close === undefined ? {} : { close }),
        ...(at === undefined ? {} : { at }),
      };
      return log.append(streamId, data.map(encoded), options);
    }
    case 'read':
      return whenReady(log.read(streamId, command.from, command.limit), (slice) => ({ ...slice, life: '' }));
    case 'trim':
      return log.trim(streamId, command.before);
    case 'delete':
      return log.delete(streamId);
    case 'list':
      break;
  }
  return log.list(streamId);
}

/** Times and lives differ; whether there is one must not. */
function timeless(info: StreamInfo): object {
  const { lastChunkAt, endedAt } = info;
  return { ...info, life: '', createdAt: 0, lastChunkAt: lastChunkAt !== undefined, endedAt: endedAt !== undefined };
}

interface ModelStream {
  readonly config: StreamConfig;
  /** Every chunk ever, trimmed or not. */
  readonly chunks: EncodedChunk[];
  /** Numbers kept of each producer's epoch in force. */
  readonly producers: Map<string, { epoch: number; kept: Set<number> }>;
  first: number;
  end: Close | undefined;
}

/** The laws of logs, as naive as can be: no bounds, no haste, everything is remembered. */
class LogModel implements Modelled {
  private readonly streams = new Map<string, ModelStream>();

  create(streamId: string, config: StreamConfig): void {
    const known = this.streams.get(streamId);
    if (known !== undefined && JSON.stringify(known.config) !== JSON.stringify(config)) throw refusal('stream-exists');
    if (known !== undefined) return;
    this.streams.set(streamId, { config, chunks: [], producers: new Map(), first: 0, end: undefined });
  }

  append(
    streamId: string,
    batch: readonly EncodedChunk[],
    { producer, close, at }: { producer?: Producer; close?: Close; at?: number },
  ): Appended {
    const stream = this.get(streamId);
    const kept = producer === undefined ? new Set<number>() : keptOf(stream, producer);
    const fresh = producer === undefined ? [...batch] : batch.filter((_, i) => !kept.has(producer.seq + i));
    const missing = producer !== undefined && producer.seq > kept.size;
    if (stream.end !== undefined) {
      const otherEnd = close !== undefined && close.status !== stream.end.status;
      if (fresh.length > 0 || missing || otherEnd) {
        throw refusal(stream.end.status === 'cancelled' ? 'stream-cancelled' : 'stream-closed');
      }
    }
    if (missing) throw refusal('sequence-gap', kept.size);
    const repeated = fresh.length === 0 && producer !== undefined && producer.seq < kept.size;
    if (at !== undefined && at !== stream.chunks.length && !repeated && stream.end === undefined) {
      throw refusal('append-conflict', stream.chunks.length);
    }
    if (producer !== undefined) {
      for (const i of batch.keys()) kept.add(producer.seq + i);
      stream.producers.set(producer.id, { epoch: producer.epoch, kept });
    }
    const first = stream.chunks.length;
    stream.chunks.push(...fresh);
    const ended = close !== undefined && stream.end === undefined;
    if (ended) stream.end = close;
    const appended = { first, next: stream.chunks.length, duplicates: batch.length - fresh.length, ended };
    return producer === undefined ? appended : { ...appended, expected: kept.size };
  }

  read(streamId: string, asked: number, limit: ReadLimit): LogSlice {
    const { chunks: all, first, end } = this.get(streamId);
    const from = Math.max(asked, first);
    const chunks: EncodedChunk[] = [];
    let bytes = 0;
    for (const chunk of all.slice(from, from + limit.chunks)) {
      bytes += chunk.length;
      if (chunks.length > 0 && bytes > limit.bytes) break;
      chunks.push(chunk);
    }
    return { from, chunks, next: all.length, life: '', ...(end === undefined ? {} : { end }) };
  }

  trim(streamId: string, before: number): void {
    const stream = this.get(streamId);
    stream.first = Math.max(stream.first, Math.min(before, stream.chunks.length));
  }

  delete(streamId: string): void {
    this.streams.delete(streamId);
  }

  info(streamId: string): StreamInfo | undefined {
    const stream = this.streams.get(streamId);
    if (stream === undefined) return undefined;
    const { config, chunks, first, end } = stream;
    const { expectedChunks, expectedBytes, ...labels } = config;
    return {
      ...labels,
      streamId,
      life: '',
      status: end?.status ?? 'active',
      ...(end?.reason === undefined ? {} : { reason: end.reason }),
      createdAt: 0,
      ...(chunks.length === 0 ? {} : { lastChunkAt: 0 }),
      ...(end === undefined ? {} : { endedAt: 0 }),
      first,
      next: chunks.length,
      chunks: tally(chunks.length, expectedChunks),
      bytes: tally(
        chunks.reduce((sum, { size }) => sum + size, 0),
        expectedBytes,
      ),
    };
  }

  list(prefix: string): readonly StreamInfo[] {
    const names = [...this.streams.keys()].filter((name) => `${name}/`.startsWith(`${prefix}/`));
    return names.toSorted().map((name) => this.info(name)!);
  }

  private get(streamId: string): ModelStream {
    const stream = this.streams.get(streamId);
    if (stream === undefined) throw refusal('stream-not-found');
    return stream;
  }
}

function keptOf(stream: ModelStream, { id, epoch }: Producer): Set<number> {
  const known = stream.producers.get(id);
  if (known === undefined || epoch > known.epoch) return new Set();
  if (epoch < known.epoch) throw refusal('producer-fenced', known.epoch);
  return known.kept;
}

function tally(received: number, expected: number | undefined): Tally {
  return expected === undefined ? { received } : { expected, received, missing: Math.max(0, expected - received) };
}

function refusal(code: ErrorCode, expected?: number): StreamError {
  return new StreamError(code, 'the model refuses', expected === undefined ? {} : { expected });
}
