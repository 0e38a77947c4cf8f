import type { ClientFrame, FrameOf } from '../protocol/index.js';

type Subscribe = FrameOf<ClientFrame, 'subscribe'>;

/** A stream that is read no more, while the server may not know it yet. */
interface Departure {
  /** The server's number for it; `undefined` as long as the request to read it is not answered. */
  ch: number | undefined;
  /** That request, to be repeated: the answer tells the number. */
  readonly request: Subscribe | undefined;
  saidAt: number;
}

/**
 * Streams left on one connection until the server has confirmed it. Nobody asks for them anew before that: the server reads
 * a stream once for each connection, and answers to two requests could not be told apart.
 */
export class Departures {
  readonly #byStream = new Map<string, Departure>();

  /** Whether a stream is still being left. */
  has(streamId: string): boolean {
    return this.#byStream.has(streamId);
  }

  /** Leaves a stream that the server was asked for and has not found yet. */
  expect(request: Subscribe, now: number): void {
    this.#byStream.set(request.stream, { ch: undefined, request, saidAt: now });
  }

  /** Leaves a stream whose number is known. Answers with what to say. */
  leave(streamId: string, ch: number, now: number): ClientFrame<never> {
    this.#byStream.set(streamId, { ch, request: undefined, saidAt: now });
    return { t: 'unsubscribe', ch };
  }

  /** The server reads channel `ch` no more. Answers the stream that is left by that. */
  left(ch: number): string | undefined {
    for (const [streamId, departure] of this.#byStream) {
      if (departure.ch !== ch) continue;
      this.#byStream.delete(streamId);
      return streamId;
    }
    return undefined;
  }

  /** The server has refused to read a stream. Answers whether it is left by that. */
  refused(streamId: string): boolean {
    const departure = this.#byStream.get(streamId);
    return departure !== undefined && departure.ch === undefined && this.#byStream.delete(streamId);
  }

  /** What to say again, because it was not answered since `before`. */
  repeat(before: number, now: number): readonly ClientFrame<never>[] {
    const frames: ClientFrame<never>[] = [];
    for (const departure of this.#byStream.values()) {
      if (departure.saidAt > before) continue;
      departure.saidAt = now;
      frames.push(departure.request ?? { t: 'unsubscribe', ch: departure.ch! });
    }
    return frames;
  }

  /** The connection was lost, and with it everything the server read for it. */
  clear(): void {
    this.#byStream.clear();
  }
}
