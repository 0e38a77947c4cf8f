// Plain `node:http`: tokens as text, each on its way the moment it is there, compressed or not.
import { createServer } from 'node:http';
import { concatMap, from, timer, map } from 'rxjs';
import { toNode } from 'sluice/response/to-node';

const words = 'Call me Ishmael. Some years ago, never mind how long precisely.'.split(/(?<= )/);
const tokens$ = from(words).pipe(concatMap((word) => timer(20).pipe(map(() => word))));

const server = createServer((_, response) => void toNode(tokens$, response, { format: 'text', compression: true }));
server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`curl -N http://127.0.0.1:${(server.address() as { port: number }).port}/`);
});
