/**
 * Tells any number of parts of a run, once, that it is to stop. An `AbortSignal` would do, if platforms did not warn of more than
 * ten listeners.
 *
 * @internal
 */
export class Stop {
  private readonly listeners = new Set<(error: unknown) => void>();
  private why: { readonly error: unknown } | undefined;

  get stopped(): boolean {
    return this.why !== undefined;
  }

  /** Why, once it is stopped. */
  get error(): unknown {
    return this.why?.error;
  }

  /** Whether it is stopped, and an error is why. */
  isWhy(error: unknown): boolean {
    return this.why !== undefined && this.why.error === error;
  }

  /** Stops. The first reason stays. */
  stop(error: unknown): void {
    if (this.why !== undefined) return;
    this.why = { error };
    for (const listener of this.listeners) listener(error);
    this.listeners.clear();
  }

  /** Calls back when it stops, at once if it has. @returns calls it off */
  onStop(listener: (error: unknown) => void): () => void {
    if (this.why !== undefined) {
      listener(this.why.error);
      return () => {};
    }
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /**
   * A promise that rejects with the reason as soon as it stops.
   *
   * @param begin - begins the work, and answers what is to be let go in the end
   */
  until<T>(begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let over = false;
      let release = (): void => {};
      const settle =
        <V>(how: (value: V) => void) =>
        (value: V): void => {
          if (over) return;
          over = true;
          off();
          release();
          how(value);
        };
      const failed = settle<unknown>(reject);
      let off = (): void => {};
      off = this.onStop(failed);
      if (over) return;
      const begun = begin(settle(resolve), failed);
      // It may be over before it has said how to let go.
      if (over) begun();
      else release = begun;
    });
  }
}
