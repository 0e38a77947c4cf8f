import { defer, map, type OperatorFunction } from 'rxjs';
import { type ActorPayload, checkBound, type JsonValue, StreamError } from '../chunk/index.js';
import type { ActorChunk } from './actor-chunk.js';

/** Options of {@link actorView}. */
export interface ActorViewOptions {
  /** Most UTF-16 units of a text. One more fails the view with `overflow`. Default 1 000 000. */
  readonly maxLength?: number;
}

/** A call of an actor as an interface shows it. */
export interface ActorView<O = JsonValue> {
  /** What is new in the text since the view before; behind a new start, since that. */
  readonly delta: string;
  /** All the text that counts: what was said before the latest start does not. */
  readonly text: string;
  /** How far it is, as far as it says so. */
  readonly progress: Omit<Extract<ActorPayload, { type: 'progress' }>, 'type'> | undefined;
  /** Which start of the call it is, from 1. */
  readonly start: number;
  readonly status: 'running' | 'completed' | 'failed';
  /** What it came to, where it says so. */
  readonly output?: O;
  /** Why it failed. */
  readonly error?: { readonly message: string; readonly code?: string | undefined };
}

/**
 * Shows a call of an actor: `{ delta, text, progress }` as they are after each chunk. Data that is no text shows in no text.
 *
 * **Emits** a view for each chunk. **Errors** with `overflow` on a text beyond `maxLength`; with the source. **Completes** with the
 * source. **Holds** the text.
 *
 * @example
 * writer.stream(question).pipe(actorView()).subscribe(({ text }) => (element.textContent = text));
 */
export function actorView<O = JsonValue>(
  options: ActorViewOptions = {},
): OperatorFunction<ActorChunk<unknown, O>, ActorView<O>> {
  const maxLength = checkBound('maxLength', options.maxLength ?? 1_000_000);
  return (source) =>
    defer(() => {
      let view: ActorView<O> = { delta: '', text: '', progress: undefined, start: 0, status: 'running' };
      return source.pipe(
        map((chunk) => {
          view = next(view, chunk);
          if (view.text.length <= maxLength) return view;
          throw new StreamError('overflow', `the text is longer than maxLength = ${maxLength}`);
        }),
      );
    });
}

function next<O>(view: ActorView<O>, chunk: ActorChunk<unknown, O>): ActorView<O> {
  const same = { ...view, delta: '' };
  switch (chunk.type) {
    case 'start':
      return { ...same, text: '', progress: undefined, start: view.start + 1 };
    case 'progress': {
      const { type: _, ...progress } = chunk;
      return { ...same, progress };
    }
    case 'data': {
      const delta = typeof chunk.value === 'string' ? chunk.value : '';
      return { ...same, delta, text: view.text + delta };
    }
    case 'complete':
      return { ...same, status: 'completed', ...('output' in chunk ? { output: chunk.output } : {}) } as ActorView<O>;
    case 'error': {
      const { type: _, ...error } = chunk;
      return { ...same, status: 'failed', error };
    }
    default:
      return same;
  }
}
