// A gateway that tells all its clients something beside their streams: to everybody, or to those who read a stream.
import { WebSocket } from 'ws';
import { createClient } from 'sluice/client';
import type { Connection } from 'sluice/gateway';
import { serve } from 'sluice/node';
import { createWebSocketTransport } from 'sluice/transport/websocket/client';

const server = await serve({ port: Number(process.env['PORT'] ?? 0) });
await server.streams.create('prices');
await server.streams.create('news');

/** A client somewhere: reads a stream, and hears what it is told beside it. */
function join(name: string, stream: string): { readonly close: () => void; readonly heard: string[] } {
  const heard: string[] = [];
  const client = createClient({ transport: createWebSocketTransport({ url: server.url, WebSocket }) });
  client.pushed.subscribe((data) => {
    heard.push(JSON.stringify(data));
    console.log(`${name} hears ${JSON.stringify(data)}`);
  });
  client.receive(stream).subscribe({ error: () => console.log(`${name} leaves`) });
  return { close: () => client.close(), heard };
}

const clients = [join('ann', 'prices'), join('bob', 'prices'), join('eve', 'news')];
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const reads = ({ reading }: Connection): boolean => reading.some(({ streamId }) => streamId === 'prices');
const here = (): readonly Connection[] => server.gateway.connections();
await until(() => here().length === clients.length && here().every(({ reading }) => reading.length === 1));

const all = server.gateway.broadcast({ notice: 'the market opens' });
const some = server.gateway.broadcast({ notice: 'prices come late' }, reads);
await until(() => clients.reduce((sum, { heard }) => sum + heard.length, 0) === all + some);
console.log(`told ${all}, then ${some}`);

for (const client of clients) client.close();
await server.close();
