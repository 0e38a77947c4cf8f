// Makes the package.json in the current folder that of a server: what it can use stands among the dependencies, in the versions it
// was tested with, and what it is built and tested with is gone. For the image; not for a checkout that is worked in.
import { readFileSync, writeFileSync } from 'node:fs';

/** Peers that no server needs: tools of tests, parts of pages, and a second client of Redis. */
const left = new Set(['fast-check', 'vitest', 'lit', 'redis']);

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const { devDependencies, peerDependencies } = manifest;
for (const [name, range] of Object.entries(peerDependencies)) {
  if (!left.has(name)) manifest.dependencies[name] = devDependencies[name] ?? range;
}
for (const field of ['devDependencies', 'peerDependencies', 'peerDependenciesMeta', 'scripts']) delete manifest[field];
writeFileSync('package.json', `${JSON.stringify(manifest, undefined, 2)}\n`);
