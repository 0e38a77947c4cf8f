// Express: a stream of the log as server-sent events. A browser that comes back goes on behind the last event it saw.
import express from 'express';
import { createMemoryLog } from 'sluice/log/memory';
import { stamp } from 'sluice/operators';
import { toNode } from 'sluice/response/to-node';
import { fromPull } from 'sluice/source/iterable';
import { createStreams, publishTo } from 'sluice/streams';

const streams = createStreams({ log: createMemoryLog() });
const words = 'Call me Ishmael. Some years ago, never mind how long precisely.'.split(/(?<= )/);
fromPull(words)
  .pipe(stamp({ streamId: 'answers/1' }), publishTo(streams, 'answers/1'))
  .subscribe();

const app = express();
app.get('/answers/:id', (request, response) => {
  const from = Number(request.get('last-event-id') ?? -1) + 1;
  void toNode(streams.read(`answers/${request.params.id}`, { from }), response, { format: 'sse' });
});
const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`curl -N http://127.0.0.1:${(server.address() as { port: number }).port}/answers/1`);
});
