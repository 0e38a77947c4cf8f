import type { SchedulerLike } from 'rxjs';
import * as z from 'zod';
import { actorPayloads, type JsonValue, jsonProblem, type PayloadOf } from '../chunk/index.js';
import type { Actor, ActorContext } from './actor.js';
import { type ActorChunk, errorChunk } from './actor-chunk.js';
import { ActorResult } from './actor-result.js';

const json = z.custom<JsonValue>((value) => jsonProblem(value) === undefined, {
  error: (issue) => `must be JSON but ${jsonProblem(issue.input)}`,
});
/** Which action, as a path where workflows hold workflows; and the name of the actor that does it. */
const who = { action: z.string(), actor: z.string() };
const durationMs = z.number().min(0);

/**
 * What workflows and teams of actors stream, beside what every actor does.
 *
 * | type | fields, after `action` and `actor` |
 * |---|---|
 * | `action-start` | `attempt?`: it begins, or begins anew: then what it said before does not count |
 * | `action-progress` | `current`, `total?`, `message?` |
 * | `action-data` | `value`: a piece of its output |
 * | `action-chunk` | `chunk`: something else it says |
 * | `action-complete` | `output?`, `duration_ms` |
 * | `action-error` | `message`, `code?`, `duration_ms` |
 * | `action-skip` | it was left out |
 */
export const workflowPayloads = actorPayloads.with({
  'action-start': z.strictObject({ ...who, attempt: z.int().min(1).optional() }),
  'action-progress': z.strictObject({ ...who, ...actorPayloads.kinds.progress.shape }),
  'action-data': z.strictObject({ ...who, value: json }),
  'action-chunk': z.strictObject({ ...who, chunk: json }),
  'action-complete': z.strictObject({ ...who, output: json.optional(), duration_ms: durationMs }),
  'action-error': z.strictObject({ ...who, ...actorPayloads.kinds.error.shape, duration_ms: durationMs }),
  'action-skip': z.strictObject(who),
});

/** A payload of {@link workflowPayloads}. */
export type WorkflowPayload = PayloadOf<(typeof workflowPayloads)['kinds']>;

/** @internal What a workflow says of its actions, as any actor says what is its own. */
export type ActionChunks<O> = AsyncGenerator<ActorChunk<never, never>, O, undefined>;

/** Most UTF-16 units of text that an action's output may have. */
const maxLength = 2 ** 24;

/** @internal An actor with a name of its own within a workflow or a team. */
export interface Action {
  readonly action: string;
  readonly actor: Actor;
}

/** @internal Calls an actor and says what it says, in the name of its action. Answers its output. */
export async function* runAction(
  { action, actor }: Action,
  input: unknown,
  { id, attempt, signal }: Pick<ActorContext, 'id' | 'attempt' | 'signal'>,
  { now }: Pick<SchedulerLike, 'now'>,
): ActionChunks<unknown> {
  const begunAt = now();
  const name = { action, actor: actor.name };
  const result = new ActorResult<unknown, unknown>(maxLength);
  let isFirst = true;
  yield said({ type: 'action-start', ...name });
  try {
    for await (const chunk of actor.stream(input as never, { id: `${id}.${attempt}.${action}`, signal })) {
      const end = result.take(chunk);
      if (end !== undefined) {
        const output = end.output === undefined ? {} : { output: end.output as JsonValue };
        yield said({ type: 'action-complete', ...name, ...output, duration_ms: now() - begunAt });
        return end.output;
      }
      if (chunk.type !== 'start') yield said(inName(name, chunk as ActorChunk));
      else if (!isFirst) yield said({ type: 'action-start', ...name, ...attemptOf(chunk) });
      isFirst = false;
    }
  } catch (error) {
    const { message, code } = errorChunk(error);
    const trouble = code === undefined ? { message } : { message, code };
    yield said({ type: 'action-error', ...name, ...trouble, duration_ms: now() - begunAt });
    throw error;
  }
  return undefined;
}

/** For the compiler: actors say what their kinds know. */
function said(chunk: WorkflowPayload): ActorChunk<never, never> {
  return chunk as ActorChunk<never, never>;
}

function attemptOf({ attempt }: { readonly attempt?: number | undefined }): { attempt?: number } {
  return attempt === undefined ? {} : { attempt };
}

type Name = { readonly action: string; readonly actor: string };

function inName(name: Name, chunk: ActorChunk): WorkflowPayload {
  const { type, ...fields } = chunk;
  if (type === 'progress' || type === 'data') return { ...fields, ...name, type: `action-${type}` } as WorkflowPayload;
  // A workflow within: its actions keep their actors, below this one.
  if (type.startsWith('action-')) {
    return {
      type,
      ...fields,
      action: `${name.action}/${(fields as unknown as Name).action}`,
    } as unknown as WorkflowPayload;
  }
  return { type: 'action-chunk', ...name, chunk: chunk as unknown as JsonValue };
}
