import * as z from 'zod';
import { chunkSchema } from '../../chunk/chunk-schema.js';
import { errorCodes } from '../../chunk/index.js';
import { clientFrames, serverFrames } from '../../protocol/frame-schemas.js';
import { runEventKinds } from '../../run/index.js';
import { runStatuses } from '../../run/run-info.js';
import { answering, cancelling, starting } from '../run-bodies.js';

const milliseconds = z.number().min(0).describe('Milliseconds since the epoch.');
const count = z.int().min(0);
const tally = z.object({ expected: count.optional(), received: count, missing: count.optional() });

/** What is known of a stream. */
export const streamInfo = z.object({
  streamId: z.string(),
  life: z.string().describe('Which of all streams that ever had this name it is.'),
  session: z.string().optional(),
  source: z.string().optional(),
  target: z.string().optional(),
  contentType: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  status: z.enum(['active', 'completed', 'failed', 'cancelled']),
  reason: z.string().optional(),
  createdAt: milliseconds,
  lastChunkAt: milliseconds.optional(),
  endedAt: milliseconds.optional(),
  first: count,
  next: count,
  chunks: tally,
  bytes: tally,
});

/** Where a run stands. */
export const runInfo = z.object({
  executionId: z.string(),
  pipeline: z.string(),
  status: z.enum(runStatuses),
  input: z.unknown().optional(),
  output: z.unknown().optional(),
  reason: z.string().optional(),
  attempts: count,
  startedAt: milliseconds,
  endedAt: milliseconds.optional(),
  waiting: z.array(
    z.object({
      step: z.string(),
      name: z.string(),
      details: z.unknown().optional(),
      by: z.array(z.string()).optional(),
    }),
  ),
});

/** A page of runs. */
export const runPage = z.object({
  runs: z.array(
    runInfo
      .pick({ executionId: true, pipeline: true, status: true, reason: true, startedAt: true, endedAt: true })
      .extend({ durationMs: z.number().min(0) }),
  ),
  next: z.string().optional().describe('Where the next page begins.'),
});

/** Why a request is not done. */
const refusal = z.object({
  code: z.union([z.enum(errorCodes), z.string()]).describe('What went wrong, as a word a program can switch on.'),
  message: z.string(),
  field: z.string().optional(),
});

/** An event of a run, as it is kept and sent. */
export const runEvent = z.union(
  Object.entries(runEventKinds).map(([type, data]) =>
    z.object({
      event_type: z.literal(type),
      execution_id: z.string(),
      step_id: z.string().nullable(),
      timestamp: milliseconds,
      data,
    }),
  ),
);

/** What stands in the documents under these names, apart from frames. */
export const schemas = {
  Chunk: chunkSchema,
  StreamInfo: streamInfo,
  RunInfo: runInfo,
  RunPage: runPage,
  RunEvent: runEvent,
  StartRun: starting,
  CancelRun: cancelling,
  AnswerRun: answering,
  Refusal: refusal,
  Health: z.object({ status: z.literal('alive') }),
  Readiness: z.object({
    status: z.enum(['ready', 'not-ready']),
    gateway: z.enum(['open', 'suspended', 'draining']),
    log: z.enum(['reachable', 'unreachable']),
  }),
} as const;

/** The frames of the protocol, by who sends them. */
export const frames = { client: clientFrames, server: serverFrames } as const;
