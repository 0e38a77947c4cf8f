import type { ClientPlan, Scenario } from './scenario.js';

/**
 * When everything must have ended: what is planned has happened, and then whatever had to be repaired had its time. Far more
 * than a healthy run takes, for who only just makes it is no defect, and virtual time costs next to nothing.
 *
 * @internal
 * @param insistMs - how often streams that nobody ends are ended by force
 */
export function deadlineOf(scenario: Scenario, insistMs: number): number {
  const { calmMs, server, clients, writers, readers } = scenario;
  const batches = writers.flatMap((writer) => writer.batches);
  const chunks = batches.reduce((sum, { sizes }) => sum + sizes.length, 0);
  const planned = Math.max(calmMs, ...batches.map(({ atMs }) => atMs));
  const down = Math.max(0, ...server.restarts.map(({ downMs }) => downMs));
  const repair = Math.max(...clients.map((client) => repairMs(client, server.pingMs)));
  const pace = Math.max(...readers.map(({ paceMs }) => paceMs?.[1] ?? 0));
  return planned + down + 4 * insistMs + repair + 2 * chunks * pace;
}

/** How long a client may take to get everything right again, once its links are whole. */
function repairMs(client: ClientPlan, serverPingMs: number): number {
  const { pingMs, retryMs, gapMs, connectMs, backoff, toServer, toClient } = client;
  const trip = toServer.delayMs[1] + toClient.delayMs[1] + toServer.reorderMs[1] + toClient.reorderMs[1];
  const notice = 3 * Math.min(pingMs, serverPingMs) + retryMs;
  return 2 * (notice + backoff.maxMs + connectMs) + 6 * (retryMs + gapMs + pingMs) + 20 * trip;
}
