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

/** Lends the page's one client for a server and a token; without one where that is empty. */
export function lendClient(server: string, token = ''): Lent {
  const key = `${server} ${token}`;
  const shared = clients.get(key) ?? { client: makeClient(server, token), users: 0 };
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

function makeClient(url: string, token: string): Client {
  const transport = createWebSocketTransport({ url });
  return createClient({ transport, ...(token === '' ? {} : { token: () => token }) });
}
