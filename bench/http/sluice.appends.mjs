import { createLmdbLog } from '../dist/src/log/lmdb.js';
import { createMemoryLog } from '../dist/src/log/memory.js';
import { serve } from '../dist/src/node/index.js';
import { temporary } from '../logs/load.mjs';

let server;
let disk;

export async function listen(durable) {
  disk = durable ? temporary() : undefined;
  server = await serve({ port: 0, log: durable ? await createLmdbLog(disk.folder) : createMemoryLog() });
  return server.port;
}

export async function finish() {
  await server.close();
  disk?.remove();
}
