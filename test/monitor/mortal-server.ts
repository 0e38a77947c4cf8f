// A server with a log in a folder that goes on, word by word, where its predecessor was killed: FOLDER PORT ASSETS COUNT.
import { setTimeout as sleep } from 'node:timers/promises';
import { createChunk } from 'sluice/chunk';
import { openLog, serve } from 'sluice/node';

const [folder, port, assets, count] = process.argv.slice(2);
const server = await serve({
  port: Number(port),
  log: await openLog(`lmdb:${folder}`),
  monitor: { assets: new URL(assets!) },
});
process.stdout.write(`${server.port}\n`);

const known = await server.streams.info('s');
for (let i = known?.next ?? 0; i < Number(count); i++) {
  await server.streams.publish('s', [createChunk({ streamId: 's', seq: 0, data: `word ${i} ` })]);
  await sleep(5);
}
await server.streams.close('s');
