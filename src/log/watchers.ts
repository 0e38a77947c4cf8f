interface Watcher {
  readonly listener: () => void;
  /** False once it was stopped: it may still stand in a list that is being walked. */
  active: boolean;
}

/** @internal Who wants to hear of which stream. */
export class Watchers {
  /** The lists are replaced, never changed, so that listeners may come and go while one is walked. */
  private readonly byStream = new Map<string, readonly Watcher[]>();

  /** Adds a listener. @returns stops the calls */
  add(streamId: string, listener: () => void): () => void {
    const watcher = { listener, active: true };
    this.byStream.set(streamId, [...(this.byStream.get(streamId) ?? []), watcher]);
    return () => {
      if (!watcher.active) return;
      watcher.active = false;
      this.remove(streamId, watcher);
    };
  }

  private remove(streamId: string, watcher: Watcher): void {
    const rest = this.byStream.get(streamId)!.filter((other) => other !== watcher);
    if (rest.length > 0) this.byStream.set(streamId, rest);
    else this.byStream.delete(streamId);
  }

  /** Calls the stream's listeners. One that throws is a defect: it surfaces as unhandled, and the others are called. */
  notify(streamId: string): void {
    const watchers = this.byStream.get(streamId);
    if (watchers === undefined) return;
    for (const watcher of watchers) if (watcher.active) call(watcher.listener);
  }

  /** Forgets everybody. */
  clear(): void {
    for (const watchers of this.byStream.values()) for (const watcher of watchers) watcher.active = false;
    this.byStream.clear();
  }
}

function call(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
