import { describe } from 'vitest';
import { natsPath } from '../servers/nats.js';
import { keepsAll } from './keeps-all.js';
import { createNatsVictim } from './nats-victim.js';

describe.skipIf(natsPath === undefined)('a log in NATS whose server is killed', () => {
  keepsAll(createNatsVictim, 8);
});
