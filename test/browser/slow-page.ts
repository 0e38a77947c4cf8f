// A page that reads only when it is told to.
import { createClient } from 'sluice/client';
import { createWebSocketTransport } from 'sluice/transport/websocket/client';

const client = createClient({
  transport: createWebSocketTransport({ url: location.origin }),
  window: { chunks: 100, bytes: 1 << 20 },
});
const reader = client.read('texts');

Object.assign(globalThis, {
  /** Takes so many chunks. Answers the number of the last. */
  take: async (count: number) => {
    let last: number | undefined;
    for (let taken = 0; taken < count; taken++) last = (await reader.next()).value?.seq;
    return last;
  },
});
