import { createMemoryLog } from '../dist/src/log/memory.js';
import { liveTokens } from './live-tokens.mjs';

const log = createMemoryLog();

export const prepare = () => {};
export const tokens = (streams) => liveTokens(log, streams);
export const finish = () => log.dispose();
