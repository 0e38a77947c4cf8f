import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from 'sluice/client';
import type { ClientTransport } from 'sluice/transport';
import { createRoughTransport, type RoughTransport } from 'sluice/transport/rough';
import { createSseTransport } from 'sluice/transport/sse/client';
import { createWebSocketTransport } from 'sluice/transport/websocket/client';
import { WebSocket } from 'ws';
import type { Tally } from './tally.js';

/** Of a hundred messages three are lost, three come twice and five are overtaken by later ones. */
const faults = { loss: 0.03, duplication: 0.03, reordering: 0.05, reorderMs: [1, 20] as const };

/** A WebSocket over a link that misbehaves on purpose, both ways. */
export function roughWebSocket(url: string, random: () => number): RoughTransport {
  const transport = createWebSocketTransport({ url, WebSocket });
  return createRoughTransport({ transport, faults: { toServer: faults, toClient: faults }, random });
}

/** SSE over a link that is good until it is cut. */
export function cuttableSse(url: string): RoughTransport {
  return createRoughTransport({ transport: createSseTransport({ url }) });
}

/** A client that does not wait long, because a tour should not take long. */
export function connect(transport: ClientTransport, tally?: Tally): Client {
  const probe = tally === undefined ? {} : { probe: tally.probe };
  return createClient({ transport, gapMs: 10, retryMs: 40, pingMs: 80, backoff: { minMs: 20, maxMs: 200 }, ...probe });
}

/** Reads as fast as it can. */
export async function readFast(client: Client, streamId: string, tally: Tally): Promise<void> {
  await client.receive(streamId).forEach((chunk) => tally.take(chunk));
}

/** Takes its time: pauses again and again, and is sent no more than its window holds meanwhile. */
export async function readSlowly(client: Client, streamId: string, tally: Tally, window: number): Promise<void> {
  for await (const chunk of client.read(streamId, { window: { chunks: window, bytes: 1 << 20 } })) {
    tally.take(chunk);
    if (tally.chunks % 512 === 0) await sleep(20);
  }
}
