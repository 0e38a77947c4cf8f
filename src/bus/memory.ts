import { checkName, kindOf } from '../chunk/index.js';
import type { Bus } from './bus.js';

/** A bus within this process: every message arrives once, in order, a microtask later. */
export function createMemoryBus(): Bus {
  return new MemoryBus();
}

class MemoryBus implements Bus {
  private readonly listeners = new Map<string, Set<(message: string) => void>>();

  publish(topic: string, message: string): void {
    checkName(topic);
    if (typeof message !== 'string') throw new TypeError(`message must be a string, got ${kindOf(message)}`);
    // As on any bus, it is for those who listen now; those who leave meanwhile are not called.
    const now = [...(this.listeners.get(topic) ?? [])];
    queueMicrotask(() => {
      for (const listener of now) if (this.listeners.get(topic)?.has(listener) === true) listener(message);
    });
  }

  subscribe(topic: string, listener: (message: string) => void): () => void {
    checkName(topic);
    const listeners = this.listeners.get(topic) ?? new Set();
    // The same function may listen twice.
    const own = (message: string): void => listener(message);
    this.listeners.set(topic, listeners.add(own));
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.listeners.get(topic) === listeners) this.listeners.delete(topic);
    };
  }

  dispose(): void {
    this.listeners.clear();
  }
}
