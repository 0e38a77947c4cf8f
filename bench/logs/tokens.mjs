// Streams of 30 tokens a second with a reader each: how long a token takes from the producer to the reader.
import { measureIn } from './measure-in.mjs';
import { run } from '../harness/run.mjs';

const at = (file) => new URL(file, import.meta.url);

await run({
  title: '30 tokens a second, from the producer to a reader in the same process, by the number of streams at once',
  loads: [
    { name: '1', streams: 1 },
    { name: '100', streams: 100 },
  ],
  limit: 'memory',
  peers: [
    { name: 'memory', worker: at('memory.tokens.mjs') },
    { name: 'lmdb', worker: at('lmdb.tokens.mjs') },
  ],
  columns: [
    { key: 'first', head: 'first token, worst, ms', ratio: false },
    { key: 'p50', head: 'p50 ms', ratio: false },
    { key: 'p99', head: 'p99 ms', ratio: false },
    { key: 'cpu', head: 'CPU µs/token', ratio: false },
  ],
  measure: (peer, { streams }) => measureIn(peer.worker, 'tokens', streams),
});
