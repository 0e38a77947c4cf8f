// `npm run docs` writes docs/operators from the TSDoc of operators/*.ts and the programs in examples/operators: a page and a
// picture for each operator, and the list of all; and the table of docs/configuration.md from the settings. What is written is
// committed; test/scripts/docs.test.ts and test/scripts/docs/configuration.test.ts tell when it is old.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settings } from '../src/node/config/index.js';
import { type Metric, metrics } from '../src/telemetry/index.js';
import { readHouse } from '../test/house/house.js';
import { writeSettings } from './docs/configuration.js';
import { writeMetrics } from './docs/metrics.js';
import { writeOperators } from './docs/operators.js';
import { purposes } from './docs/purposes.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'docs/operators');

const written = writeOperators(readHouse(root), purposes);
mkdirSync(folder, { recursive: true });
for (const [file, text] of written) writeFileSync(join(folder, file), text);
for (const file of readdirSync(folder)) if (!written.has(file)) rmSync(join(folder, file));
console.log(`docs/operators: ${written.size} files`);

const page = join(root, 'docs/configuration.md');
writeFileSync(page, writeSettings(readFileSync(page, 'utf8'), settings));
console.log('docs/configuration.md');

const telemetry = join(root, 'docs/telemetry.md');
writeFileSync(telemetry, writeMetrics(readFileSync(telemetry, 'utf8'), Object.values<Metric>(metrics)));
console.log('docs/telemetry.md');
