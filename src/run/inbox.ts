import { filter, firstValueFrom, type Observable, ReplaySubject, type Subscription } from 'rxjs';
import * as z from 'zod';
import { createChunk, type JsonValue, jsonProblem, StreamError } from '../chunk/index.js';
import type { Streams } from '../streams/index.js';
import type { Inbox } from './context.js';
import type { Journal } from './journal.js';
import { inboxOf } from './names.js';

const json = z.custom<JsonValue>((value) => jsonProblem(value) === undefined);

const letter = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('answer'),
    step: z.string(),
    name: z.string(),
    value: json,
    by: z.string().optional(),
  }),
  z.strictObject({ type: z.literal('cancel'), reason: z.string().max(1024).optional(), by: z.string().optional() }),
]);

/** @internal What is said to a run. */
export type Letter = z.infer<typeof letter>;
type Answer = Extract<Letter, { type: 'answer' }>;

/** @internal What is said to a run while it goes on. What was said before counts as well. */
export class RunInbox implements Inbox {
  private readonly answers = new ReplaySubject<Answer>();
  private readonly subscription: Subscription;

  /** @param cancel - called when the run is not wanted any more */
  constructor(letters: Observable<Letter>, cancel: (reason: string | undefined) => void) {
    this.subscription = letters.subscribe({
      next: (said) => {
        if (said.type === 'answer') this.answers.next(said);
        else cancel(said.reason);
      },
      error: (error) => this.answers.error(error),
    });
  }

  async answer(stepId: string, name: string, signal: AbortSignal): Promise<JsonValue> {
    const mine = this.answers.pipe(filter((answer) => answer.step === stepId && answer.name === name));
    const aborted = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason as Error);
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    return (await Promise.race([firstValueFrom(mine), aborted])).value;
  }

  close(): void {
    this.subscription.unsubscribe();
  }
}

/** @internal Everything said to a run so far, and where the next word would stand. */
export async function lettersOf(streams: Streams, executionId: string): Promise<{ letters: Letter[]; next: number }> {
  const streamId = inboxOf(executionId);
  const next = (await streams.info(streamId))?.next ?? 0;
  const letters: Letter[] = [];
  if (next === 0) return { letters, next };
  for await (const { data, seq } of streams.read(streamId)) {
    letters.push(parseLetter(data));
    if (seq + 1 >= next) break;
  }
  return { letters, next };
}

/** @internal */
export const parseLetter = (data: unknown): Letter => letter.parse(data);

/** @internal Says something to a run, unless somebody else has said something meanwhile. */
export async function post(streams: Streams, executionId: string, said: Letter, at?: number): Promise<void> {
  const streamId = inboxOf(executionId);
  const chunk = createChunk({ streamId, seq: 0, data: said as unknown as JsonValue });
  await streams.publish(streamId, [chunk], at === undefined ? {} : { at });
}

/** Who answers what. */
export interface AnswerOptions {
  /** Which step is answered. Default: the one that waits under this name; where several do, one must be named. */
  readonly step?: string;
  /** Who answers. */
  readonly by?: string;
}

/** @internal Finds the step that waits for an answer. @throws {@link StreamError} `answer-refused` saying why none may be given */
export function waitingStep(
  journal: Journal,
  letters: readonly Letter[],
  name: string,
  { step, by }: AnswerOptions,
): string {
  const refuse = (why: string): never => {
    throw new StreamError('answer-refused', `"${name}" ${why}`);
  };
  if (journal.end !== undefined) refuse('comes too late: the run has ended');
  const asked = journal.waiting.filter((wait) => wait.name === name && (step === undefined || wait.step === step));
  if (asked.length === 0) refuse('was not asked for');
  const isAnswered = (waiting: string): boolean =>
    letters.some((said) => said.type === 'answer' && said.name === name && said.step === waiting);
  const open = asked.filter((wait) => !isAnswered(wait.step));
  if (open.length === 0) refuse('was answered before');
  if (open.length > 1) refuse(`is asked for by several steps, name one: ${open.map((wait) => wait.step).join(', ')}`);
  const [only] = open;
  if (only!.by !== undefined && (by === undefined || !only!.by.includes(by)))
    refuse(`is not for ${by ?? 'anybody'} to answer`);
  return only!.step;
}
