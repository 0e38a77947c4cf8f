// 64 MB for one stream, in chunks of a kilobyte, as fast as a good reader takes them.
import { Producer } from '../fan-out/producer.mjs';

const text = 'x'.repeat(1000);

export const chunks = 65_536;

/** What the server of any peer exports: it publishes everything and says when it has. */
export function createLoad(emit) {
  const producer = new Producer(emit, text);
  return {
    listenForProgress: () => producer.listen(),
    publish: () => producer.flat({ window: 1024, perTurn: 16, most: chunks }),
  };
}
