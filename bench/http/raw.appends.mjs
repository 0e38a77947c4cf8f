// The least a server on `node:http` can do: it reads the body, keeps nothing and answers.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  request.on('data', () => {}).on('end', () => response.writeHead(204).end());
});

export async function listen() {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
}

export const finish = () => server.closeAllConnections();
