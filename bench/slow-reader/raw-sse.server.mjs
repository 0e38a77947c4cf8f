import { createServer } from 'node:http';
import { createLoad } from './load.mjs';

const responses = new Set();
const load = createLoad((chunk) => {
  const event = Buffer.from(`id: ${chunk.seq}\ndata: ${JSON.stringify(chunk)}\n\n`);
  for (const response of responses) response.write(event);
});

export const { publish } = load;

export async function listen() {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    responses.add(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, progressPort: await load.listenForProgress() };
}
