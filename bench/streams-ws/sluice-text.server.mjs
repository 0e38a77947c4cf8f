import { timestampOf } from '../harness/clock.mjs';
import { createSluiceServer } from './sluice-server.mjs';

export const { listen, start, pause } = createSluiceServer(({ at, text }) => ({
  data: text,
  timestamp: timestampOf(at),
}));
