import { firstValueFrom, fromEvent, merge, type Observable, type ObservableInput, of } from 'rxjs';

/** @internal Tells when a signal is aborted, at once if it is. Whoever listens no more leaves nothing behind at it. */
export function aborted(signal: AbortSignal): Observable<unknown> {
  return signal.aborted ? of(undefined) : fromEvent(signal, 'abort');
}

/**
 * @internal What comes first of something, as long as it is wanted: not all that can be waited for heeds a signal.
 *
 * @throws the reason of the signal when that is aborted
 */
export async function wanted<T>(work: ObservableInput<T>, signal: AbortSignal): Promise<T> {
  const first = await firstValueFrom(merge(work, aborted(signal)));
  signal.throwIfAborted();
  return first as T;
}
