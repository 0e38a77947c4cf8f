import { defineConfig } from 'vitest/config';
import all from '../../vitest.config.js';

// The tests of one file. Stryker's own way to say them, `testFiles`, wakes mutants too late to change what a module does while
// it is loaded (stryker-js#6144).
const include = (process.env['SLUICE_TESTS'] ?? '').split(',');
const { projects: _all, ...test } = all.test!;

export default defineConfig({ ...all, test: { ...test, include } });
