import {
  catchError,
  defer,
  EMPTY,
  from,
  isObservable,
  lastValueFrom,
  map,
  mergeMap,
  Observable,
  type ObservableInput,
  of,
  retry,
  type SchedulerLike,
  takeUntil,
  timer,
} from 'rxjs';
import { operate, Stage } from '../../../operators/operate.js';
import { stamp } from '../../../operators/stamp.js';
import { type JsonObject, StreamError, toStreamError } from '../../chunk/index.js';
import { attempt, whenReady } from '../../log/log.js';
import { fromPull } from '../../source/iterable.js';
import { publishTo, type Streams } from '../../streams/index.js';
import type { AnyUiChunk } from './ui-chunk.js';

/** What answers a chat: `fromOpenAiChat(…).pipe(toUiMessage())`, or the AI SDK's own `streamText(…).toUIMessageStream()`. */
export type ChatAnswer =
  | Observable<AnyUiChunk>
  | AsyncIterable<AnyUiChunk>
  | PromiseLike<Observable<AnyUiChunk> | AsyncIterable<AnyUiChunk>>;

/** @internal What a run is made of. */
export interface ChatRunOptions {
  readonly streams: Streams;
  /** Where the answer is kept. */
  readonly streamId: string;
  /** Where it is written that a run was stopped. */
  readonly bookId: string;
  readonly run: string;
  readonly messageId: string;
  readonly leaseMs: number;
  readonly scheduler: SchedulerLike;
  readonly answer: (signal: AbortSignal) => ChatAnswer;
}

/**
 * Lets a chat be answered into a stream, whoever reads it: it goes on when they leave, and stops when the stream is cancelled,
 * here or in another process.
 *
 * @internal
 * @returns resolves when the answer has ended, whichever way
 */
export async function runChat(options: ChatRunOptions): Promise<void> {
  const { streams, streamId, run, messageId, leaseMs } = options;
  const controller = new AbortController();
  const chunks$ = defer(() => answerOf(options.answer, controller.signal)).pipe(
    operate((destination) => new Whole(destination, messageId)),
    takeUntil(stopped(options)),
    map((chunk) => chunk as AnyUiChunk & JsonObject),
    stamp({ streamId }),
    publishTo(streams, streamId, { producer: { id: run, epoch: 0, seq: 0 }, leaseMs }),
  );
  const failed = await new Promise<boolean>((resolve) => {
    chunks$.subscribe({ error: () => resolve(true), complete: () => resolve(false) });
  });
  controller.abort(new StreamError('stream-cancelled', 'nobody wants the answer any more'));
  if (failed) await end(options);
}

/** Those who read must not wait for what will not come: also when it is the log that has failed. */
async function end({ streams, streamId, scheduler }: ChatRunOptions): Promise<void> {
  const close$ = defer(async () => streams.close(streamId, 'failed', 'the producer failed')).pipe(
    retry({
      count: 10,
      delay: (error: unknown, tries) => {
        const { code } = toStreamError(error, 'internal');
        return hasEnded.has(code) ? EMPTY : timer(Math.min(500 * 2 ** tries, 30_000), scheduler);
      },
    }),
    catchError(() => EMPTY),
  );
  await lastValueFrom(close$, { defaultValue: undefined });
}

const hasEnded: ReadonlySet<string> = new Set(['stream-closed', 'stream-cancelled', 'stream-not-found']);

function answerOf(answer: ChatRunOptions['answer'], signal: AbortSignal): Observable<AnyUiChunk> {
  const given = answer(signal);
  const later: ObservableInput<Observable<AnyUiChunk> | AsyncIterable<AnyUiChunk>> = isPromise(given)
    ? from(given)
    : of(given);
  return from(later).pipe(mergeMap((chunks) => (isObservable(chunks) ? chunks : fromPull(chunks))));
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T>).then === 'function';
}

/** Somebody has stopped the run. Only the book is watched, which seldom changes, and not what the run itself writes. */
function stopped({ streams, streamId, bookId }: ChatRunOptions): Observable<unknown> {
  return new Observable((destination) => {
    const look = (): void =>
      attempt(
        () =>
          whenReady(streams.info(streamId), (info) => {
            if (info !== undefined && info.status !== 'active') destination.next(info);
          }),
        // The next append says whether the log is there.
        () => {},
      );
    const heard = streams.cancellations.subscribe((one) => {
      if (one.streamId === streamId) look();
    });
    destination.add(heard);
    destination.add(streams.log.watch(bookId, look));
    // It may have been stopped before it began.
    look();
  });
}

const lastWords: ReadonlySet<string> = new Set(['finish', 'abort', 'error']);

/** Lets the first chunk name the message, and what ends without a last word fail. */
class Whole extends Stage<AnyUiChunk> {
  private begun = false;
  private over = false;

  constructor(
    destination: ConstructorParameters<typeof Stage<AnyUiChunk>>[0],
    private readonly messageId: string,
  ) {
    super(destination);
  }

  protected override _next(chunk: AnyUiChunk): void {
    const { messageId } = this;
    if (!this.begun) {
      this.begun = true;
      const start = { type: 'start', messageId };
      this.destination.next(chunk.type === 'start' ? { ...chunk, ...start } : start);
      if (chunk.type === 'start') return;
    }
    if (lastWords.has(chunk.type)) this.over = true;
    if (!this.closed) this.destination.next(chunk);
  }

  protected override _complete(): void {
    if (this.over) super._complete();
    else this.fail(new StreamError('data-malformed', 'the answer ends before it is over'));
  }

  protected override _error(error: unknown): void {
    super._error(toStreamError(error, 'stream-failed'));
  }
}
