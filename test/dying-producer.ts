// A producer that begins when it is told to, and goes on until it is killed: `dying-producer.ts URL STREAM EPOCH LEASE_MS`.
import { once } from 'node:events';
import { map, timer } from 'rxjs';
import { createClient } from 'sluice/client';
import { stamp } from 'sluice/operators';
import { publishTo } from 'sluice/streams';
import { createWebSocketTransport } from 'sluice/transport/websocket/client';
import { WebSocket } from 'ws';

const [url, streamId, epoch, leaseMs] = process.argv.slice(2) as [string, string, string, string];
const client = createClient({ transport: createWebSocketTransport({ url, WebSocket }) });

process.stdout.write('ready\n');
await once(process.stdin, 'data');

timer(0, 20)
  .pipe(
    map((n) => `life ${epoch}: ${n}`),
    stamp({ streamId }),
    publishTo(client, streamId, {
      producer: { id: 'worker', epoch: Number(epoch), seq: 0 },
      leaseMs: Number(leaseMs),
    }),
  )
  .subscribe(({ next }) => process.stdout.write(`kept ${next}\n`));
