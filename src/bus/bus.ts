/** A value now, or a promise of one. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * The port to a message bus that delivers at most once: to whoever listens at the moment, or to nobody. Messages may be lost,
 * come twice, and overtake each other. What must arrive goes through `reliable`.
 */
export interface Bus {
  /**
   * Hands a message to everybody who listens to a topic. Resolves when it is on its way, which says nothing of its arrival.
   * `connection-lost` when it cannot even be sent.
   *
   * @param topic - a path such as `runs/17/tokens`
   * @param message - text
   */
  publish(topic: string, message: string): MaybePromise<void>;

  /**
   * Calls `listener` for every message of a topic from when it resolves on. The listener must not throw.
   *
   * @returns stops the calls, at once
   */
  subscribe(topic: string, listener: (message: string) => void): MaybePromise<() => void>;

  /** Lets go of connections. Nobody is called any more. */
  dispose(): MaybePromise<void>;
}
