// A page that reads one stream over HTTP and writes to another.
import { createHttpProducer, readHttp } from 'sluice/transport/http/client';

const retry = { initialDelayMs: 20, maxDelayMs: 100 };
const [text, state] = ['text', 'state'].map((id) => document.querySelector(`#${id}`)!);

readHttp({ url: new URL('/v1/stream/read', location.href), retry }).subscribe({
  next: ({ items }) => (text!.textContent += items.join('')),
  error: (error: unknown) => (state!.textContent = `failed: ${error}`),
  complete: () => (state!.textContent = 'completed'),
});

Object.assign(globalThis, {
  /** Writes numbers, in batches of ten. */
  write: async (count: number) => {
    const url = new URL('/v1/stream/written', location.href);
    const options = { url, contentType: 'application/json', producerId: 'page', maxBatchItems: 10, retry };
    const producer = createHttpProducer(options);
    for (let n = 0; n < count; n++) void producer.append({ n });
    await producer.close();
  },
});
