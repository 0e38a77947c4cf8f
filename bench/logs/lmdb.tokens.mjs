import { createLmdbLog } from '../dist/src/log/lmdb.js';
import { temporary } from './load.mjs';
import { liveTokens } from './live-tokens.mjs';

const { folder, remove } = temporary();
let log;

export async function prepare() {
  log = await createLmdbLog(folder);
}

export const tokens = (streams) => liveTokens(log, streams);

export async function finish() {
  await log.dispose();
  remove();
}
