import { asyncScheduler, Observable, type SchedulerLike, tap } from 'rxjs';
import { checkBound, type JsonValue, StreamError, toStreamError } from '../chunk/index.js';
import type { Queue } from '../queue/queue.js';
import { type Outcome, work, type WorkOptions } from '../queue/work.js';
import type { HeldJob } from '../queue/consume.js';
import type { Streams } from '../streams/index.js';
import type { Actor } from './actor.js';
import { type ActorChunk, calledOff, errorOf, isActorEnd } from './actor-chunk.js';
import { parseCall } from './call.js';
import { CallLog, isOver } from './call-log.js';
import { endDeadCall, watchDeadCalls } from './dead-calls.js';
import { whenEnded } from './when-ended.js';

/** Options of {@link serveActors}. */
export interface ServeActorsOptions extends Omit<WorkOptions, 'isRetryable'> {
  /**
   * Whether a call is tried again of which the actor itself says that it failed. Default: never, its error is the end of the
   * call. A call whose worker has died, or could not reach the log, is always tried again.
   */
  readonly isRetryable?: (error: StreamError, attempt: number) => boolean;
  /** How often to look for calls that nobody will take up any more. Default 5000. */
  readonly deadEveryMs?: number;
}

/** An actor, whatever it takes and says. */
export type AnyActor = Actor;

/**
 * Serves actors to all who call them through a queue, as long as it is subscribed: what they say is kept in the stream of the
 * call. A worker that dies loses its call to another, under a higher attempt, which begins with a `start` that takes back
 * what was said before; of the dead one, or one that only seemed so, nothing is kept from then on.
 *
 * A call that is cancelled aborts the actor's signal, or is not begun. A call that is given up ends as failed.
 *
 * **Emits** what became of each call. **Errors**, **completes** and **holds** as `work` does: `stop` finishes what is at work and
 * takes nothing new; unsubscribing gives back what is at work for others to take.
 *
 * @example
 * serveActors(queue, streams, [writer, critic], { concurrency: 4, stop: leaving.signal }).subscribe();
 */
export function serveActors(
  queue: Queue,
  streams: Streams,
  actors: readonly AnyActor[],
  options: ServeActorsOptions = {},
): Observable<Outcome> {
  const { isRetryable = () => false, deadEveryMs = 5000, ...rest } = options;
  const { scheduler = asyncScheduler, onTrouble = () => {} } = rest;
  checkBound('deadEveryMs', deadEveryMs, { max: 2 ** 31 - 1 });
  const byName = new Map<string, Actor<JsonValue>>();
  for (const one of actors) {
    if (byName.has(one.name)) throw new TypeError(`two actors have the name "${one.name}"`);
    byName.set(one.name, one as Actor<JsonValue>);
  }
  const worker = new Worker(streams, byName, isRetryable, scheduler);
  const outcomes = work(queue, async (job, signal) => await worker.serve(job, signal), {
    ...rest,
    isRetryable: (error) => !(error instanceof GivenUp),
  }).pipe(
    tap(({ status, id, attempt, error }) => {
      if (status !== 'dead') return;
      const { message } = toStreamError(error, 'internal');
      void endDeadCall(streams, { id, attempt, reason: message }, scheduler).catch((cause: unknown) => {
        onTrouble(toStreamError(cause, 'internal'));
      });
    }),
  );
  return new Observable((destination) => {
    destination.add(watchDeadCalls(queue, streams, { everyMs: deadEveryMs, scheduler, onTrouble }));
    return outcomes.subscribe(destination);
  });
}

/** The actor has failed, and shall not try again. */
class GivenUp extends Error {}

class Worker {
  constructor(
    private readonly streams: Streams,
    private readonly actors: ReadonlyMap<string, Actor<JsonValue>>,
    private readonly isRetryable: (error: StreamError, attempt: number) => boolean,
    private readonly scheduler: SchedulerLike,
  ) {}

  /** One attempt. What it throws is a failure; returning, the job is done, or wanted by nobody. */
  async serve(job: HeldJob, signal: AbortSignal): Promise<void> {
    const { actor: name, id, input } = parseCall(job.payload);
    const actor = this.actors.get(name);
    if (actor === undefined) throw new StreamError('job-invalid', `no actor "${name}" is here`);
    const producer = { id: job.id, epoch: job.attempt };
    const log = new CallLog(this.streams, job.id, producer, () => this.scheduler.now());
    const unwanted = new AbortController();
    const stop = whenEnded(this.streams, job.id, this.scheduler, (why) => unwanted.abort(calledOff(why)));
    try {
      // An ended stream takes an append of nothing.
      const info = await this.streams.info(job.id);
      if (info?.status !== 'active') return;
      await log.begin();
      const both = AbortSignal.any([signal, unwanted.signal]);
      await this.say(actor.stream(input as JsonValue, { id, attempt: job.attempt, signal: both }), log, job, both);
    } catch (error) {
      if (!isOver(error) && !unwanted.signal.aborted) throw error;
    } finally {
      stop();
    }
  }

  private async say(stream: AsyncIterable<unknown>, log: CallLog, job: HeldJob, signal: AbortSignal): Promise<void> {
    for await (const said of stream) {
      // The job is another's, or nobody's: this end is not the call's.
      signal.throwIfAborted();
      const chunk = said as ActorChunk;
      if (chunk.type !== 'error') {
        await log.add(chunk);
        if (isActorEnd(chunk)) return;
        continue;
      }
      const error = errorOf(chunk);
      if (job.attempt < job.maxAttempts && this.isRetryable(error, job.attempt)) throw error;
      await log.add(chunk);
      throw new GivenUp(error.message);
    }
  }
}
