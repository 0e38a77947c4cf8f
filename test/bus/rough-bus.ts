import type { SchedulerLike } from 'rxjs';
import type { Bus } from '../../src/bus/bus.js';

/** How rough a bus is: chances from 0 to 1, delays in milliseconds. */
export interface Roughness {
  loss?: number;
  duplication?: number;
  /** Longest delay: messages overtake each other. */
  delayMs?: number;
}

/** A bus that loses, repeats and reorders what it carries, by chance; and breaks it, where told to. */
export class RoughBus implements Bus {
  readonly listeners = new Map<string, Set<(message: string) => void>>();
  /** Messages that were published, by topic. */
  readonly published: { topic: string; message: string }[] = [];
  /** What is done to a message before it is delivered. */
  spoil: (message: string) => string = (message) => message;
  /** Thrown by `publish`. */
  broken: Error | undefined;

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly random: () => number,
    public roughness: Roughness,
  ) {}

  publish(topic: string, message: string): void {
    if (this.broken !== undefined) throw this.broken;
    this.published.push({ topic, message });
    const { loss = 0, duplication = 0 } = this.roughness;
    if (this.random() >= loss) this.deliver(topic, message);
    if (this.random() < duplication) this.deliver(topic, message);
  }

  private deliver(topic: string, message: string): void {
    const { delayMs = 0 } = this.roughness;
    const spoilt = this.spoil(message);
    this.scheduler.schedule(
      () => {
        for (const listener of this.listeners.get(topic) ?? []) listener(spoilt);
      },
      Math.floor(this.random() * (delayMs + 1)),
    );
  }

  async subscribe(topic: string, listener: (message: string) => void): Promise<() => void> {
    const listeners = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  dispose(): void {
    this.listeners.clear();
  }
}

/** Chances that are the same for the same seed. */
export function chances(seed: number): () => number {
  let state = (seed * 2_654_435_761) % 2_147_483_647 || 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
