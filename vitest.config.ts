import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Rooms whose tests compute: they start no programs, and what they leave behind are at most promises and timers of ours. */
const rooms =
  /^test\/(auth|chunk|client|flow|format|gateway|interop|marble|operators|probe|protocol|response|run|source|streams|telemetry|testing|types)\//;

/** What only goes well in a process of its own: clocks and globals that are exchanged, programs and servers that are started. */
const alone =
  /useFakeTimers|asyncMarbles|stubGlobal|onUnhandledError|vi\.mock|process\.(env|on)|servers\/|\/run\.js'|node:(child_process|https?|net|worker_threads)/;

/** It says what holds before any test has run. */
const first = 'test/testing/marbles.test.ts';

const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.test.ts') && file !== first);

/**
 * Half of all files. They share the processes they run in, one after another: starting one and importing the same modules into it
 * costs more than most of these tests.
 */
const together = files.filter((file) => rooms.test(file) && !alone.test(readFileSync(file, 'utf8')));

/** Files with a process of their own first: they wait much, and the short ones fill what is left at the end. */
class AloneFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(specifications);
    return sorted.toSorted((a, b) => Number(b.project.config.isolate) - Number(a.project.config.isolate));
  }
}

export default defineConfig({
  ssr: { resolve: { conditions: ['sluice-source'], externalConditions: ['sluice-source'] } },
  resolve: { conditions: ['sluice-source'] },
  test: {
    projects: [
      { extends: true, test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: together } },
      { extends: true, test: { name: 'together', include: together, isolate: false } },
    ],
    sequence: { sequencer: AloneFirst },
    // Programs, browsers and servers are slow to start on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // What lasts is waited for; on a busy machine that may be long.
    expect: { poll: { timeout: 30_000 } },
    // About half of the time tests wait, for servers, leases and other processes: with a file more under way than there are cores
    // these are at work meanwhile. By default it is one file less.
    maxWorkers: availableParallelism() + 1,
    coverage: {
      provider: 'v8',
      include: ['operators/**', 'src/**'],
      reporter: ['text', 'json-summary'],
      reportOnFailure: true,
      // What must arrive is tested whole.
      thresholds: {
        'operators/**': { 100: true },
        'src/chunk/**': { 100: true },
        'src/protocol/**': { 100: true },
        'src/gateway/session.ts': { 100: true },
        'src/client/connection.ts': { 100: true },
      },
    },
  },
});
