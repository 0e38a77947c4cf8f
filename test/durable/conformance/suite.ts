import { runConformanceTests } from '@durable-streams/server-conformance-tests';
import { afterAll, beforeAll, describe } from 'vitest';
import { openLog } from '../../../src/node/open-log.js';
import { serve, type Server } from '../../../src/node/serve.js';

const longPollTimeoutMs = 500;
/** Servers take their time to start on a machine that is busy. */
const patienceMs = 60_000;

/** Runs the public suite of the Durable Streams protocol, all of it, against `serve` on a log that `open` opens by its URL. */
export function conforms(title: string, open: () => Promise<{ url: string; close: () => Promise<void> | void }>): void {
  describe(`durable streams on ${title}`, () => {
    const options = { baseUrl: '', longPollTimeoutMs, subscriptions: true };
    let place: Awaited<ReturnType<typeof open>>;
    let server: Server;
    beforeAll(async () => {
      place = await open();
      server = await serve({ port: 0, log: await openLog(place.url), durable: { longPollTimeoutMs } });
      options.baseUrl = server.url;
    }, patienceMs);
    afterAll(async () => {
      await server.close();
      await place.close();
    }, patienceMs);
    runConformanceTests(options);
  });
}
