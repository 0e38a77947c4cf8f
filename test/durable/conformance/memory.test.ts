import { conforms } from './suite.js';

conforms('a log in memory', async () => ({ url: 'memory', close: () => {} }));
