import { VirtualTimeScheduler } from 'rxjs';

/** Turns of the microtask queue that promises get at each instant. */
const hops = 10;

/** Virtual time in which promises get their turn: it passes when a test says so, a millisecond at a time. */
export class VirtualTime extends VirtualTimeScheduler {
  /** Runs work at the end of the turn, as `setImmediate` does. */
  readonly defer = (work: () => void): void => void this.schedule(work);

  /** Lets so many milliseconds pass. */
  async pass(ms: number): Promise<void> {
    const to = this.frame + ms;
    for (let instant = this.frame; instant <= to; instant++) {
      this.frame = instant;
      this.maxFrames = instant;
      await turns();
      do {
        this.flush();
        await turns();
      } while (this.actions.some(({ delay }) => delay <= instant));
    }
  }

  /** Resolves when so many milliseconds have passed. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.schedule(() => resolve(), ms));
  }

  /** Lets time pass until a promise is settled, and answers with what came of it. */
  async until<T>(promise: Promise<T>, ms = 60_000): Promise<T> {
    let settled = false;
    promise.then(
      () => (settled = true),
      () => (settled = true),
    );
    const to = this.frame + ms;
    await turns();
    while (!settled && this.frame < to) await this.pass(1);
    if (!settled) throw new Error(`nothing came of it within ${ms} ms`);
    return promise;
  }
}

async function turns(): Promise<void> {
  for (let hop = 0; hop < hops; hop++) await undefined;
}
