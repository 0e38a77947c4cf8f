import type { Observable, Subscription } from 'rxjs';
import { type JsonValue, StreamError, toStreamError } from '../chunk/index.js';
import type { Inbox } from './context.js';
import type { Journal } from './journal.js';
import { type Answer, isAnswerTo, type Letter } from './letter.js';
import type { Stop } from './stop.js';

/** Most answers that are remembered: nobody asks for so many. */
const maxAnswers = 10_000;

interface Waiting {
  readonly fits: (said: Letter) => said is Answer;
  readonly resolve: (value: JsonValue) => void;
  readonly reject: (error: unknown) => void;
}

/** @internal What is said to a run while it goes on. What was said before counts as well. */
export class RunInbox implements Inbox {
  private readonly answers: Answer[] = [];
  private readonly waiting = new Set<Waiting>();
  private readonly subscription: Subscription;
  private failure: { readonly error: unknown } | undefined;

  /** @param cancel - called when the run is not wanted any more */
  constructor(letters: Observable<Letter>, cancel: (reason: string | undefined) => void) {
    this.subscription = letters.subscribe({
      next: (said) => {
        if (said.type === 'answer') this.hear(said);
        else cancel(said.reason);
      },
      error: (error) => this.fail(toStreamError(error, 'internal')),
    });
  }

  private hear(said: Answer): void {
    if (this.answers.length < maxAnswers) this.answers.push(said);
    for (const one of this.waiting) if (one.fits(said)) one.resolve(said.value);
  }

  private fail(error: unknown): void {
    this.failure = { error };
    for (const { reject } of this.waiting) reject(error);
  }

  answer(stepId: string, name: string, by: readonly string[] | undefined, stop: Stop): Promise<JsonValue> {
    const fits = (said: Letter): said is Answer => isAnswerTo(said, stepId, name, by);
    return stop.until((resolve, reject) => {
      const waiting = { fits, resolve, reject };
      const given = this.answers.find(fits);
      if (given !== undefined) resolve(given.value);
      else if (this.failure !== undefined) reject(this.failure.error);
      else this.waiting.add(waiting);
      return () => void this.waiting.delete(waiting);
    });
  }

  close(): void {
    this.subscription.unsubscribe();
  }
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
  const open = asked.filter((wait) => !letters.some((said) => isAnswerTo(said, wait.step, name, wait.by)));
  if (open.length === 0) refuse('was answered before');
  if (open.length > 1) refuse(`is asked for by several steps, name one: ${open.map((wait) => wait.step).join(', ')}`);
  const [only] = open;
  if (only!.by !== undefined && (by === undefined || !only!.by.includes(by))) {
    refuse(`is not for ${by ?? 'anybody'} to answer`);
  }
  return only!.step;
}
