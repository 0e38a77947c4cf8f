import { openLog, serve } from '../dist/src/node/index.js';

export async function listen(url) {
  return (await serve({ port: 0, log: await openLog(url) })).port;
}
