import { describe } from 'vitest';
import { keepsAll } from './keeps-all.js';
import { createLmdbVictim } from './lmdb-victim.js';

describe('a log in a folder whose process is killed', () => {
  keepsAll(createLmdbVictim, 10);
});
