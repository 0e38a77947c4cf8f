// A pipeline piped into a WebSocket and SSE server.
import { map, take, timer } from 'rxjs';
import { serve } from 'sluice/node';
import { stamp } from 'sluice/operators';
import { publishTo } from 'sluice/streams';

const server = await serve({ port: Number(process.env['PORT'] ?? 4437) });
console.log(`curl -N ${server.url}/streams/ticks`);

timer(0, 10)
  .pipe(
    take(100),
    map((n) => `tick ${n}\n`),
    stamp({ streamId: 'ticks' }),
    publishTo(server.streams, 'ticks'),
  )
  .subscribe({ complete: () => setTimeout(() => void server.close(), 2000) });
