import { DurableStreamTestServer } from '@durable-streams/server';
import { temporary } from '../logs/load.mjs';

let server;
let disk;

export async function listen(durable) {
  disk = durable ? temporary() : undefined;
  server = new DurableStreamTestServer({ port: 0, host: '127.0.0.1', ...(durable ? { dataDir: disk.folder } : {}) });
  return Number(new URL(await server.start()).port);
}

export async function finish() {
  await server.stop();
  disk?.remove();
}
