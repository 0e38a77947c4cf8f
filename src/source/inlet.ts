import { Observable, type Subscriber, Subscription } from 'rxjs';
import { createFlow, type Flow } from '../flow/index.js';
import { StreamError } from '../chunk/index.js';

/**
 * An Observable that is written to, item by item, and for one subscriber: a write is taken when somebody has subscribed and
 * the flow is open.
 *
 * @internal
 */
export class Inlet<T> {
  private destination: Subscriber<T> | undefined;
  private ended = false;
  private arrived!: (destination: Subscriber<T>) => void;
  private readonly subscriber = new Promise<Subscriber<T>>((resolve) => (this.arrived = resolve));

  constructor(private readonly flow: Flow = createFlow()) {}

  /** What is written. A second subscriber is refused: nothing is kept for it. */
  readonly items = new Observable<T>((destination) => {
    if (this.destination !== undefined) {
      destination.error(new StreamError('limit-reached', 'what is written can be read by one subscriber only'));
      return;
    }
    this.destination = destination;
    this.arrived(destination);
  });

  /** Resolves when the item is taken. @throws `stream-cancelled` when the subscriber has gone */
  async put(item: T): Promise<void> {
    const destination = await this.subscriber;
    // Another source of the flow may be faster, and shut it again.
    while (!this.flow.open && !destination.closed) await this.opened(destination);
    if (destination.closed) throw new StreamError('stream-cancelled', 'nobody reads what is written any more');
    this.flow.emit(destination, item);
  }

  /** Ends it, once there is a subscriber. */
  async complete(): Promise<void> {
    (await this.subscriber).complete();
  }

  /** Fails it. Nobody waits for that: there may never be a subscriber. */
  error(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    void this.fail(error);
  }

  private async fail(error: unknown): Promise<void> {
    (await this.subscriber).error(error);
  }

  /** Resolves when the flow is open, or the subscriber gone. */
  private opened(destination: Subscriber<T>): Promise<void> {
    return new Promise((resolve) => {
      const waiting = new Subscription(resolve);
      destination.add(waiting);
      waiting.add(this.flow.whenOpen(() => waiting.unsubscribe()));
    });
  }
}
