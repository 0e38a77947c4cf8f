// An async iterable in, an async iterable out; leaving the loop stops the source at once.
import { setTimeout as sleep } from 'node:timers/promises';
import { stamp } from 'sluice/operators';
import { fromPull, toAsyncIterable } from 'sluice/source/iterable';

const chunks$ = fromPull((signal) => tokens(signal)).pipe(stamp({ streamId: 'answers/1' }));

for await (const chunk of toAsyncIterable(chunks$, { capacity: 64 })) {
  process.stdout.write(String(chunk.data));
  if (chunk.seq === 4) break;
}

async function* tokens(signal: AbortSignal): AsyncGenerator<string> {
  try {
    for (let n = 0; ; n++) {
      yield `token ${n}\n`;
      await sleep(10, undefined, { signal });
    }
  } finally {
    console.log('the source has stopped');
  }
}
