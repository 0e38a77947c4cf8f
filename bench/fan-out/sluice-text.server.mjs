import { timestampOf } from '../harness/clock.mjs';
import { createSluiceServer } from './sluice-server.mjs';

// Number and time are a chunk's own: the data is the text alone.
const server = createSluiceServer(({ at, text }) => ({ data: text, timestamp: timestampOf(at) }));

export const { listen, flat, paced, pause } = server;
