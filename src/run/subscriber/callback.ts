import { kindOf } from '../../chunk/index.js';
import type { RunEvent } from '../event.js';
import type { Subscriber } from './subscriber.js';

/**
 * A function as a subscriber: called with one event after the other, the next when it is done.
 *
 * @example
 * subscribers.attach(callbackSubscriber(async (event) => await post(event)), { capacity: 100 });
 */
export function callbackSubscriber<T = RunEvent>(callback: (event: T) => void | PromiseLike<void>): Subscriber<T> {
  if (typeof callback !== 'function') throw new TypeError(`callback must be a function, got ${kindOf(callback)}`);
  return { take: (events) => callAll(callback, events, 0) };
}

/** At once as long as the callback does: who watches in the same turn sees the events in the same turn. */
function callAll<T>(
  callback: (event: T) => void | PromiseLike<void>,
  events: readonly T[],
  from: number,
): void | Promise<void> {
  for (let at = from; at < events.length; at++) {
    const pending = callback(events[at]!);
    if (pending !== undefined) return Promise.resolve(pending).then(() => callAll(callback, events, at + 1));
  }
}
