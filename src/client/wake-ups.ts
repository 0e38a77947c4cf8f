import { filter, fromEvent, merge, NEVER, type Observable } from 'rxjs';

/** What is needed of a page's or a worker's global object. */
export interface WakingScope {
  readonly addEventListener?: unknown;
  readonly document?: EventTarget & { readonly visibilityState: string };
}

/**
 * Tells when a page or a worker is back: the network returned, the tab is looked at again, was thawed, or came out of the
 * back/forward cache. Silent where there are no such events.
 *
 * @internal
 */
export function wakeUps(scope: WakingScope = globalThis as WakingScope): Observable<unknown> {
  const { addEventListener, document } = scope;
  if (typeof addEventListener !== 'function') return NEVER;
  const global = ['online', 'pageshow'].map((name) => fromEvent(scope as EventTarget, name));
  if (document === undefined) return merge(...global);
  const seen = fromEvent(document, 'visibilitychange').pipe(filter(() => document.visibilityState === 'visible'));
  return merge(...global, seen, fromEvent(document, 'resume'));
}
