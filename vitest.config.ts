import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['sluice-source'], externalConditions: ['sluice-source'] } },
  resolve: { conditions: ['sluice-source'] },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    // What lasts is waited for; on a busy machine that may be long.
    expect: { poll: { timeout: 15_000 } },
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
        'src/gateway/{session,outbox,subscriptions,publications}.ts': { 100: true },
        'src/client/connection.ts': { 100: true },
      },
    },
  },
});
