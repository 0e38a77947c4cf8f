import type { NatsConnection } from '@nats-io/transport-node';

/**
 * @internal Calls a listener with every change of a connection's state, such as `disconnect` and `reconnect`.
 *
 * @returns stops the calls
 */
export function followStatuses(connection: NatsConnection, listener: (type: string) => void): () => void {
  const statuses = connection.status()[Symbol.asyncIterator]();
  let active = true;
  const follow = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await statuses.next();
      if (done || !active) return;
      listener(value.type);
    }
  };
  void follow();
  return () => {
    active = false;
    void statuses.return?.();
  };
}
