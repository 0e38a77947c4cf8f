import { type Client, createClient } from '../client/index.js';
import { createWebSocketTransport } from '../transport/websocket/client.js';

interface Shared {
  readonly client: Client;
  users: number;
}

const clients = new Map<string, Shared>();

/** A client that components of a page share. */
export interface Lent {
  readonly client: Client;
  /** The last who gives it back closes it. */
  giveBack(): void;
}

/** Lends the page's one client for a server. */
export function lendClient(server: string | URL): Lent {
  const key = String(server);
  const shared = clients.get(key) ?? {
    client: createClient({ transport: createWebSocketTransport({ url: key }) }),
    users: 0,
  };
  clients.set(key, shared);
  shared.users++;
  let isBack = false;
  return {
    client: shared.client,
    giveBack: () => {
      if (isBack) return;
      isBack = true;
      if (--shared.users > 0) return;
      clients.delete(key);
      shared.client.close();
    },
  };
}
