// The file mode of the reference server of Durable Streams, without its HTTP: the same appends with the same numbers.
import { FileBackedStreamStore } from '@durable-streams/server';
import { chunk, closedLoops, temporary } from './load.mjs';

const { folder, remove } = temporary();
const data = Buffer.from(chunk.head);
let store;

export async function prepare(streams) {
  store = new FileBackedStreamStore({ dataDir: folder });
  for (let stream = 0; stream < streams; stream++)
    await store.create(`/bench/${stream}`, { contentType: 'text/plain' });
}

export function append(streams) {
  return closedLoops(async (producer, n) => {
    const numbers = { producerId: `p${producer}`, producerEpoch: 0, producerSeq: n };
    const { message } = await store.appendWithProducer(`/bench/${producer % streams}`, data, numbers);
    if (message === null) throw new Error(`append ${n} of producer ${producer} was refused`);
  });
}

export async function finish() {
  await store.close();
  remove();
}
