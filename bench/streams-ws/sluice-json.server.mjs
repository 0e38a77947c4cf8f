import { createSluiceServer } from './sluice-server.mjs';

export const { listen, start, pause } = createSluiceServer((chunk) => ({ data: chunk }));
