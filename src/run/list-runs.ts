import { checkBound, type ErrorCode, StreamError, type StreamInfo } from '../chunk/index.js';
import type { Streams } from '../streams/index.js';
import type { RunEvent } from './event.js';
import { Journal } from './journal.js';
import { lettersOf } from './letter.js';
import { inboxOf, runOf, runStreams } from './names.js';
import { isLost } from './read-run.js';
import { infoOf, type RunInfo, type RunStatus } from './run-info.js';

/** Options of `Runs.list`. */
export interface ListRunsOptions {
  /** Only runs that stand so. Default: all. */
  readonly status?: readonly RunStatus[];
  /** Only runs of this pipeline. Default: of all. */
  readonly pipeline?: string;
  /** Only runs whose streams these are. Default: all. */
  readonly only?: (stream: StreamInfo) => boolean;
  /** Most runs of a page, up to 1000. Default 100. */
  readonly limit?: number;
  /** The `next` of the page before. Default: the newest runs. */
  readonly after?: string;
}

/** Where a run stands, in a few words. */
export interface RunSummary extends Pick<
  RunInfo,
  'executionId' | 'pipeline' | 'status' | 'reason' | 'startedAt' | 'endedAt'
> {
  /** How long it took, or has taken until now. */
  readonly durationMs: number;
}

/** A page of runs, the newest first. */
export interface RunPage {
  readonly runs: readonly RunSummary[];
  /** Where the next page begins; `undefined` behind the last one. A page may have fewer runs than asked for, and another follow. */
  readonly next?: string;
}

/** Most runs of one page, and most that are looked at for one. */
const maxRuns = 1000;
/** Events at the end of a run that are looked at. */
const tail = 8;
/** Runs that are looked at together. */
const together = 16;

/** @internal What {@link listRuns} needs. */
export interface RunList {
  readonly streams: Streams;
  readonly parse: (value: unknown) => RunEvent;
  readonly now: () => number;
}

/**
 * Lists runs by their last few events, so that no run costs more because it is long.
 *
 * @internal
 */
export async function listRuns(list: RunList, options: ListRunsOptions = {}): Promise<RunPage> {
  const { status, limit: most, after } = options;
  const limit = checkBound('limit', most ?? 100, { max: maxRuns });
  const candidates = await candidatesOf(list.streams, options);
  const begin = after === undefined ? 0 : candidates.findIndex((stream) => isBehind(stream, after));
  const page = begin < 0 ? [] : candidates.slice(begin, begin + maxRuns);
  const runs: RunSummary[] = [];
  let looked = 0;
  while (looked < page.length && runs.length < limit) {
    const some = page.slice(looked, looked + Math.min(together, limit - runs.length));
    const summaries = await Promise.all(some.map(async (stream) => await summaryOf(list, stream)));
    for (const run of summaries) if (run !== undefined && (status?.includes(run.status) ?? true)) runs.push(run);
    looked += some.length;
  }
  const last = page[looked - 1];
  return last !== undefined && begin + looked < candidates.length ? { runs, next: cursorOf(last) } : { runs };
}

/** The newest first; of those that are as old, by name. */
async function candidatesOf(streams: Streams, { pipeline, only }: ListRunsOptions): Promise<readonly StreamInfo[]> {
  const all = await streams.list(runStreams);
  return all
    .filter((stream) => runOf(stream.streamId) !== undefined && (pipeline === undefined || stream.source === pipeline))
    .filter((stream) => only?.(stream) ?? true)
    .toSorted((a, b) => b.createdAt - a.createdAt || (a.streamId < b.streamId ? -1 : 1));
}

function cursorOf({ createdAt, streamId }: StreamInfo): string {
  return `${createdAt}.${runOf(streamId)}`;
}

function isBehind(stream: StreamInfo, cursor: string): boolean {
  const at = cursor.indexOf('.');
  const createdAt = Number(cursor.slice(0, at));
  return (
    stream.createdAt < createdAt || (stream.createdAt === createdAt && runOf(stream.streamId)! > cursor.slice(at + 1))
  );
}

async function summaryOf(list: RunList, stream: StreamInfo): Promise<RunSummary | undefined> {
  const executionId = runOf(stream.streamId)!;
  try {
    const journal = await journalOf(list, stream);
    // Answered, it goes on: what it has not told yet stands in its inbox.
    const isAsked = journal.waiting.length > 0 && (await list.streams.info(inboxOf(executionId)))?.next !== 0;
    const letters = isAsked ? (await lettersOf(list.streams, executionId)).letters : [];
    const { pipeline, status, reason } = infoOf(executionId, { journal, stream }, letters);
    const endedAt = journal.end?.timestamp ?? (isLost({ journal, stream }) ? stream.endedAt : undefined);
    const { createdAt: startedAt } = stream;
    return {
      executionId,
      pipeline,
      status,
      ...(reason === undefined ? {} : { reason }),
      startedAt,
      ...(endedAt === undefined ? {} : { endedAt }),
      durationMs: Math.max(0, (endedAt ?? list.now()) - startedAt),
    };
  } catch (error) {
    // Removed meanwhile.
    if (hasCode(error, 'stream-not-found')) return undefined;
    throw error;
  }
}

/** What the last events say. */
async function journalOf({ streams, parse }: RunList, { streamId, status, first, next }: StreamInfo): Promise<Journal> {
  const journal = new Journal();
  const from = Math.max(first, next - (status === 'active' ? tail : 1));
  if (from >= next) return journal;
  for await (const { data, seq } of streams.read(streamId, { from, onGap: 'skip' })) {
    try {
      journal.add(parse(data));
    } catch (error) {
      // Anybody may write to a stream.
      if (!hasCode(error, 'chunk-invalid')) throw error;
    }
    if (seq + 1 >= next) break;
  }
  return journal;
}

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof StreamError && error.code === code;
}
