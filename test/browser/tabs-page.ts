// A page that reads one stream over the connection that all tabs share.
import { createReadClient } from 'sluice/client';
import { createTabsTransport } from 'sluice/client/tabs';
import { createWebSocketReadTransport } from 'sluice/transport/websocket/client';

const transport = createTabsTransport({
  name: 'test',
  client: () => createReadClient({ transport: createWebSocketReadTransport({ url: location.origin }) }),
});
const seqs: number[] = [];
createReadClient({ transport, backoff: { minMs: 20 } })
  .receive('ticks')
  .subscribe(({ seq }) => seqs.push(seq));

Object.assign(globalThis, { seqs: () => seqs, leads: () => transport.leads });
