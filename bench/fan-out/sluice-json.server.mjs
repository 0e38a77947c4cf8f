import { createSluiceServer } from './sluice-server.mjs';

// The whole message of the other peers as data, inside the chunk that says it all again.
const server = createSluiceServer((chunk) => ({ data: chunk }));

export const { listen, flat, paced, pause } = server;
