import { StreamError } from '../chunk/index.js';
import type { Letter } from './letter.js';
import { isAnswerTo } from './letter.js';
import type { Journal, Question } from './journal.js';
import { type Outcome, valueOf } from './outcome.js';
import { isLost, type RunRecord } from './read-run.js';
import type { RunEvent } from './event.js';

/** How runs may stand. `lost`: its process died and nobody has taken it up. */
export const runStatuses = ['running', 'waiting', 'completed', 'failed', 'cancelled', 'lost'] as const;

/** How a run stands. */
export type RunStatus = (typeof runStatuses)[number];

/** Where a run stands. */
export interface RunInfo {
  readonly executionId: string;
  readonly pipeline: string;
  readonly status: RunStatus;
  readonly input: unknown;
  /** What it came to, when it has completed. */
  readonly output?: unknown;
  /** Why not, when it has not. */
  readonly reason?: string;
  /** How many processes took it up. */
  readonly attempts: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** What it waits for. */
  readonly waiting: readonly Question[];
}

/** @internal Where a run stands, by what was told of it and what was said to it. */
export function infoOf(executionId: string, run: RunRecord, letters: readonly Letter[]): RunInfo {
  const { journal, stream } = run;
  const isOpen = ({ step, name, by }: Question): boolean => !letters.some((said) => isAnswerTo(said, step, name, by));
  const waiting = journal.waiting.filter(isOpen);
  return {
    executionId,
    pipeline: journal.pipeline ?? stream.source ?? '',
    input: journal.input,
    attempts: journal.lives,
    startedAt: journal.startedAt ?? stream.createdAt,
    waiting,
    ...stateOf(journal, isLost(run), waiting.length > 0),
  };
}

function stateOf(
  { end }: Journal,
  lost: boolean,
  isWaiting: boolean,
): Pick<RunInfo, 'status' | 'output' | 'reason' | 'endedAt'> {
  if (end === undefined) return { status: lost ? 'lost' : isWaiting ? 'waiting' : 'running' };
  const endedAt = end.timestamp;
  switch (end.event_type) {
    case 'pipeline_complete': {
      const output = valueOf(end.data);
      return { status: 'completed', endedAt, ...(output === undefined ? {} : { output }) };
    }
    case 'pipeline_cancelled':
      return { status: 'cancelled', endedAt, ...(end.data.reason === undefined ? {} : { reason: end.data.reason }) };
    default:
      return { status: 'failed', endedAt, reason: (end.data as { message: string }).message };
  }
}

/** @internal What a run that has ended came to. @throws as it did */
export function resultOf(end: RunEvent): Outcome {
  switch (end.event_type) {
    case 'pipeline_complete':
      return end.data;
    case 'pipeline_cancelled':
      throw new StreamError('run-cancelled', end.data.reason ?? 'the run was cancelled');
    default:
      throw new StreamError('stream-failed', (end.data as { message: string }).message);
  }
}
