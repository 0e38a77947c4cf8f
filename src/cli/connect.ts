import { Option } from 'commander';
import { filter, map, take, takeWhile } from 'rxjs';
import { WebSocket } from 'ws';
import { type Client, createClient } from '../client/index.js';
import { createSseTransport } from '../transport/sse/client.js';
import { createWebSocketTransport } from '../transport/websocket/client.js';
import { token } from './token.js';

/** Where the gateway is, for every command that needs one. */
export function serverOption(): Option {
  return new Option('--server <url>', 'address of the gateway').env('SLUICE_SERVER').default('http://127.0.0.1:4437');
}

/** How to reach the gateway. */
export type TransportName = 'ws' | 'sse';

/** How patient a command is. */
export interface Patience {
  /** Failed attempts in a row after which it gives up. */
  readonly maxRetries: number;
  /** Bounds of the waits between them, in milliseconds. */
  readonly minMs: number;
  readonly maxMs: number;
}

/** About half a minute in all. */
const patience: Patience = { maxRetries: 8, minMs: 200, maxMs: 8000 };

/** A client for the length of one command. */
export function connect(
  server: string,
  transport: TransportName,
  { maxRetries, ...backoff }: Patience = patience,
): Client {
  const known = token();
  const client = createClient({
    transport:
      transport === 'ws' ? createWebSocketTransport({ url: server, WebSocket }) : createSseTransport({ url: server }),
    maxRetries,
    backoff,
    ...(known === undefined ? {} : { token: () => known }),
  });
  tellOfWait(client, server);
  return client;
}

/** Nobody should wonder why nothing happens: the first attempt that fails is told of. */
function tellOfWait({ state }: Client, server: string): void {
  state
    .pipe(
      takeWhile((now) => now !== 'open'),
      filter((now) => now === 'waiting'),
      take(1),
      map(() => `sluice: ${server} cannot be reached yet, trying again\n`),
    )
    .subscribe((words) => process.stderr.write(words));
}
