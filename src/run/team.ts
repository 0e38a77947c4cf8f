import { asyncScheduler, type SchedulerLike } from 'rxjs';
import type { JsonValue } from '../chunk/index.js';
import { runAction, workflowPayloads } from './action.js';
import { type Actor, actor, type ActorContext } from './actor.js';
import type { ActorChunk } from './actor-chunk.js';
import { merged } from './merged.js';
import { checkStepId } from './step.js';

/** Options of {@link team}. */
export interface TeamOptions {
  /**
   * When a member fails: the team does, and the others are called off; or the others go on, and the team fails only when all of
   * them have. Default `fail`.
   */
  readonly onFailure?: 'fail' | 'continue';
  /** The clock. Default `asyncScheduler`. */
  readonly scheduler?: Pick<SchedulerLike, 'now'>;
}

/** What a team is asked: what all its members can be. */
type InputOf<M> = M extends Readonly<Record<string, Actor<infer I>>> ? I : never;

/** What a team comes to: the outputs of its members, by their names; of those that have one. */
export type TeamOutput<M> = { readonly [K in keyof M]?: M[K] extends Actor<never, unknown, infer O> ? O : never };

/**
 * Makes one actor of several that work on the same input at the same time: what they contribute is merged as it comes, each
 * piece with the name of the member and its actor (`workflowPayloads`). Its output is theirs, by their names.
 *
 * @example
 * const panel = team('panel', { optimist, sceptic }, { onFailure: 'continue' });
 * const { optimist: hope, sceptic: doubt } = await panel.execute('Will it hold?');
 */
export function team<M extends Readonly<Record<string, Actor>>>(
  name: string,
  members: M,
  options: TeamOptions = {},
): Actor<InputOf<M>, never, TeamOutput<M>> {
  const { onFailure = 'fail', scheduler = asyncScheduler } = options;
  if (onFailure !== 'fail' && onFailure !== 'continue') throw new TypeError('onFailure must be "fail" or "continue"');
  const actions = Object.entries(members).map(([action, one]) => ({ action: checkStepId(action), actor: one }));
  if (actions.length === 0) throw new TypeError(`team "${name}" must have a member`);

  async function* stream(input: JsonValue, { id, attempt, signal }: ActorContext): AsyncGenerator<ActorChunk<never>> {
    const leaving = new AbortController();
    const context = { id, attempt, signal: AbortSignal.any([signal, leaving.signal]) };
    const outputs: Record<string, JsonValue> = {};
    const failures: unknown[] = [];
    const contributions = actions.map(async function* (action): AsyncGenerator<ActorChunk<never, never>, void> {
      try {
        const output = yield* runAction(action, input, context, scheduler);
        if (output !== undefined) outputs[action.action] = output as JsonValue;
      } catch (error) {
        failures.push(error);
        if (onFailure === 'fail' || failures.length === actions.length) throw error;
      }
    });
    try {
      yield* merged(contributions);
    } finally {
      leaving.abort();
    }
    yield { type: 'complete', output: outputs };
  }
  return actor(name, { stream, payloads: workflowPayloads }) as unknown as Actor<InputOf<M>, never, TeamOutput<M>>;
}
